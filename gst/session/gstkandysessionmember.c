/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandysessionmember.h"

/* SECTION: GstKandySessionMember
 *
 * The seam between a session and the elements that have joined it.
 */

G_DEFINE_INTERFACE (
    GstKandySessionMember, gst_kandy_session_member, GST_TYPE_ELEMENT)

static void
gst_kandy_session_member_default_init (GstKandySessionMemberInterface *iface)
{
}

GType
gst_kandy_media_flags_get_type (void)
{
  static gsize type;
  static const GFlagsValue values[] = {
    { GST_KANDY_MEDIA_AUDIO, "Sound", "audio" },
    { GST_KANDY_MEDIA_VIDEO, "Moving pictures", "video" },
    { GST_KANDY_MEDIA_AUTO, "What is sent, or what is offered", "auto" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (
        &type, g_flags_register_static ("GstKandyMediaFlags", values));
  return type;
}

GType
gst_kandy_busy_action_get_type (void)
{
  static gsize type;
  static const GEnumValue values[] = {
    { GST_KANDY_BUSY_ACTION_REJECT, "Tell the caller at once", "reject" },
    { GST_KANDY_BUSY_ACTION_IGNORE, "Let the caller hear ringing", "ignore" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (
        &type, g_enum_register_static ("GstKandyBusyAction", values));
  return type;
}

GType
gst_kandy_service_flags_get_type (void)
{
  static gsize type;
  static const GFlagsValue values[] = {
    { GST_KANDY_SERVICE_CALL, "Calls", "call" },
    { GST_KANDY_SERVICE_CHAT, "Chat and groups", "chat" },
    { GST_KANDY_SERVICE_SMS, "Short messages", "smsinbound" },
    { GST_KANDY_SERVICE_PRESENCE, "Presence", "presence" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (
        &type, g_flags_register_static ("GstKandyServiceFlags", values));
  return type;
}

void
gst_kandy_session_wishes_clear (GstKandySessionWishes *wishes)
{
  g_clear_pointer (&wishes->destination, g_free);
  g_clear_pointer (&wishes->display_name, g_free);
  g_clear_pointer (&wishes->parameters, g_variant_unref);
  g_clear_pointer (&wishes->unsendable, g_free);
  g_clear_pointer (&wishes->remove, g_ptr_array_unref);
}
