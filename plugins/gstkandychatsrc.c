/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-kandychatsrc
 * @title: kandychatsrc
 * @see_also: kandychatsink, kandysignaller
 *
 * Gives out the messages that come on the Kandy CPaaS platform, each as one
 * buffer of text. It is live: messages that came before the element was in
 * PAUSED are not given out. Files are not either; an application gets them
 * through the client library.
 *
 * The account is set as on `kandysrc`, or on another element of the session,
 * with which this one shares it. The element signs on for chat only: nobody can
 * call a pipeline that has but this element and `kandychatsink`.
 *
 * ## Example launch lines
 *
 * All of them work beside `kandy-loopback --port 8080`.
 *
 * Shows what anybody says to Bob, and who:
 * |[
 * gst-launch-1.0 -q kandychatsrc show-sender=true \
 *     server=http://127.0.0.1:8080 \
 *     username=bob@loopback.example password=bob \
 *   ! fdsink
 * ]|
 *
 * Shows the short messages that come to Bob's number:
 * |[
 * gst-launch-1.0 -q kandychatsrc conversation-type=sms \
 *     server=http://127.0.0.1:8080 \
 *     username=bob@loopback.example password=bob \
 *   ! fdsink
 * ]|
 *
 * A chat in a terminal is at `kandychatsink`.
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandychatsrc.h"

#include <string.h>

#include <gst/app/gstappsrc.h>

GST_DEBUG_CATEGORY_STATIC (gst_kandy_chat_src_debug);
#define GST_CAT_DEFAULT gst_kandy_chat_src_debug

#define CAPS "text/x-raw, format=(string)utf8"
/* What may wait downstream */
#define MAX_BYTES (4 * 1024 * 1024)

enum {
  PROP_DESTINATION = GST_KANDY_BASE_BIN_N_PROPERTIES,
  PROP_CONVERSATION_TYPE,
  PROP_LINE_FEEDS,
  PROP_SHOW_SENDER,
};

struct _GstKandyChatSrc {
  GstKandyBaseBin parent_instance;

  GstAppSrc *appsrc;

  /* guarded by the object lock */
  char *destination; /* (nullable) */
  KandyChatType type;
  gboolean line_feeds;
  gboolean show_sender;
};

static void gst_kandy_chat_src_member_init (
    GstKandySessionMemberInterface *iface);

G_DEFINE_TYPE_WITH_CODE (GstKandyChatSrc, gst_kandy_chat_src,
    GST_TYPE_KANDY_BASE_BIN,
    G_IMPLEMENT_INTERFACE (
        GST_KANDY_TYPE_SESSION_MEMBER, gst_kandy_chat_src_member_init)
        GST_DEBUG_CATEGORY_INIT (gst_kandy_chat_src_debug, "kandychatsrc", 0,
            "messages from the Kandy platform"))

GST_ELEMENT_REGISTER_DEFINE (
    kandychatsrc, "kandychatsrc", GST_RANK_NONE, GST_TYPE_KANDY_CHAT_SRC);

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE (
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (CAPS));

/* Whether the conversation is the one that is wanted */
static gboolean
is_wanted (GstKandyChatSrc *self, KandyConversation *conversation)
{
  const char *from = kandy_conversation_get_destination (conversation);
  const char *own = kandy_conversation_get_address (conversation);
  gboolean wanted;

  GST_OBJECT_LOCK (self);
  wanted = self->type == kandy_conversation_get_chat_type (conversation);
  if (wanted && self->destination != NULL && *self->destination != '\0') {
    g_autofree char *complete = gst_kandy_line_complete_destination (
        self->destination, own, self->type);

    wanted = g_ascii_strcasecmp (complete, from) == 0;
  }
  GST_OBJECT_UNLOCK (self);
  return wanted;
}

/* On the kandy thread */
static void
gst_kandy_chat_src_message_received (GstKandySessionMember *member,
    KandyConversation *conversation, KandyMessage *message)
{
  GstKandyChatSrc *self = GST_KANDY_CHAT_SRC (member);
  g_autofree char *text = kandy_message_dup_text (message);
  g_autofree char *shown = NULL;
  const char *sender = kandy_message_get_sender (message);
  gboolean line_feeds, show_sender;

  if (*text == '\0' || !is_wanted (self, conversation))
    return;
  GST_OBJECT_LOCK (self);
  line_feeds = self->line_feeds;
  show_sender = self->show_sender && sender != NULL;
  GST_OBJECT_UNLOCK (self);

  if (gst_app_src_get_current_level_bytes (self->appsrc) > MAX_BYTES) {
    GST_ELEMENT_WARNING (self, RESOURCE, NO_SPACE_LEFT,
        ("A message was lost: nobody takes those before it."), (NULL));
    return;
  }
  shown = g_strconcat (show_sender ? sender : "", show_sender ? ": " : "", text,
      line_feeds ? "\n" : "", NULL);
  gst_app_src_push_buffer (
      self->appsrc, gst_buffer_new_wrapped (g_strdup (shown), strlen (shown)));
}

/* This element has no part in calls */
static void
gst_kandy_chat_src_get_wishes (
    GstKandySessionMember *member, GstKandySessionWishes *wishes)
{
  GstKandyChatSrc *self = GST_KANDY_CHAT_SRC (member);

  GST_OBJECT_LOCK (self);
  wishes->services |= self->type == KANDY_CHAT_TYPE_SMS
      ? GST_KANDY_SERVICE_SMS
      : GST_KANDY_SERVICE_CHAT;
  GST_OBJECT_UNLOCK (self);
}

static void
gst_kandy_chat_src_member_init (GstKandySessionMemberInterface *iface)
{
  iface->get_wishes = gst_kandy_chat_src_get_wishes;
  iface->message_received = gst_kandy_chat_src_message_received;
}

static void
gst_kandy_chat_src_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstKandyChatSrc *self = GST_KANDY_CHAT_SRC (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_DESTINATION:
      g_free (self->destination);
      self->destination = g_value_dup_string (value);
      break;
    case PROP_CONVERSATION_TYPE:
      self->type = g_value_get_enum (value);
      break;
    case PROP_LINE_FEEDS:
      self->line_feeds = g_value_get_boolean (value);
      break;
    case PROP_SHOW_SENDER:
      self->show_sender = g_value_get_boolean (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_kandy_chat_src_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstKandyChatSrc *self = GST_KANDY_CHAT_SRC (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_DESTINATION:
      g_value_set_string (value, self->destination);
      break;
    case PROP_CONVERSATION_TYPE:
      g_value_set_enum (value, self->type);
      break;
    case PROP_LINE_FEEDS:
      g_value_set_boolean (value, self->line_feeds);
      break;
    case PROP_SHOW_SENDER:
      g_value_set_boolean (value, self->show_sender);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_kandy_chat_src_finalize (GObject *object)
{
  g_free (GST_KANDY_CHAT_SRC (object)->destination);

  G_OBJECT_CLASS (gst_kandy_chat_src_parent_class)->finalize (object);
}

static void
gst_kandy_chat_src_class_init (GstKandyChatSrcClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  const GParamFlags flags =
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING;

  object_class->set_property = gst_kandy_chat_src_set_property;
  object_class->get_property = gst_kandy_chat_src_get_property;
  object_class->finalize = gst_kandy_chat_src_finalize;

  /**
   * GstKandyChatSrc:destination:
   *
   * Whose messages are given out: a user's, as in `bob` or `bob@example.org`,
   * those in a group, by its id, or from a telephone number. All of
   * #GstKandyChatSrc:conversation-type if it is not set.
   */
  g_object_class_install_property (object_class, PROP_DESTINATION,
      g_param_spec_string ("destination", "Destination",
          "Whose messages are given out: a user, a group's id or a telephone "
          "number; all if not set",
          NULL, flags));
  /**
   * GstKandyChatSrc:conversation-type:
   *
   * Which kind of messages is given out. Set it before PAUSED, so that the
   * element signs on for it.
   */
  g_object_class_install_property (object_class, PROP_CONVERSATION_TYPE,
      g_param_spec_enum ("conversation-type", "Conversation type",
          "Whether messages of users, of groups or of telephones are given out",
          KANDY_TYPE_CHAT_TYPE, KANDY_CHAT_TYPE_ONE_TO_ONE, flags));
  /**
   * GstKandyChatSrc:line-feeds:
   *
   * Whether each message ends with a line feed, as a terminal or a file has it.
   */
  g_object_class_install_property (object_class, PROP_LINE_FEEDS,
      g_param_spec_boolean ("line-feeds", "Line feeds",
          "Whether each message ends with a line feed", TRUE, flags));
  /**
   * GstKandyChatSrc:show-sender:
   *
   * Whether each message begins with the address of who sent it.
   */
  g_object_class_install_property (object_class, PROP_SHOW_SENDER,
      g_param_spec_boolean ("show-sender", "Show sender",
          "Whether each message begins with who sent it", FALSE, flags));

  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "Kandy chat source",
      "Source/Network",
      "Gives out each message that comes on the Kandy CPaaS "
      "platform, chat or short message, as a buffer of text",
      "The gst-kandy authors");
  gst_type_mark_as_plugin_api (KANDY_TYPE_CHAT_TYPE, 0);
}

static void
gst_kandy_chat_src_init (GstKandyChatSrc *self)
{
  g_autoptr (GstCaps) caps = gst_caps_from_string (CAPS);
  g_autoptr (GstPad) pad = NULL;
  g_autoptr (GstPadTemplate) template =
      gst_static_pad_template_get (&src_template);
  GstElement *appsrc = gst_element_factory_make ("appsrc", "messages");

  self->line_feeds = TRUE;
  GST_OBJECT_FLAG_SET (self, GST_ELEMENT_FLAG_SOURCE);
  if (appsrc == NULL) {
    GST_ERROR_OBJECT (self, "there is no element \"appsrc\"");
    return;
  }
  g_object_set (appsrc, "is-live", TRUE, "do-timestamp", TRUE, "format",
      GST_FORMAT_TIME, "caps", caps, NULL);
  self->appsrc = GST_APP_SRC (appsrc);
  gst_bin_add (GST_BIN (self), appsrc);
  pad = gst_element_get_static_pad (appsrc, "src");
  gst_element_add_pad (GST_ELEMENT (self),
      gst_ghost_pad_new_from_template ("src", pad, template));
}
