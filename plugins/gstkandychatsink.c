/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-kandychatsink
 * @title: kandychatsink
 * @see_also: kandychatsrc, kandysignaller
 *
 * Sends text as messages on the Kandy CPaaS platform: each buffer is one
 * message to #GstKandyChatSink:destination, a user, a group or, as a short
 * message, a telephone. A line feed at the end of a buffer is left out, and a
 * buffer without text is no message. A character that is split between two
 * buffers, as a file's may be, comes with the second one.
 *
 * Messages go one after the other, in order; while one is on its way the next
 * ones wait, and with a few of them waiting, whoever brings more. One that
 * cannot be sent is a warning on the bus, which `gst-launch-1.0 -q` does not
 * show. EOS comes when the last one has gone; if one of them could not be sent
 * there is an error in its place.
 *
 * The account is set as on `kandysink`, or on another element of the session,
 * with which this one shares it. The element signs on for chat only: nobody can
 * call a pipeline that has but this element and `kandychatsrc`.
 *
 * ## Example launch lines
 *
 * All of them work beside `kandy-loopback --port 8080`.
 *
 * One terminal of a chat; what is typed goes to Bob, what Bob says is shown:
 * |[
 * gst-launch-1.0 \
 *   fdsrc ! text/x-raw,format=utf8 ! kandychatsink destination=bob \
 *     server=http://127.0.0.1:8080 \
 *     username=alice@loopback.example password=alice \
 *   kandychatsrc destination=bob ! fdsink
 * ]|
 *
 * The other terminal is the same line with the names exchanged. A single
 * message:
 * |[
 * echo "Lunch at noon?" | gst-launch-1.0 -q \
 *   fdsrc ! text/x-raw,format=utf8 ! kandychatsink destination=bob \
 *     server=http://127.0.0.1:8080 \
 *     username=alice@loopback.example password=alice
 * ]|
 *
 * The same as a short message:
 * |[
 * echo "Lunch at noon?" | gst-launch-1.0 -q \
 *   fdsrc ! text/x-raw,format=utf8 ! kandychatsink \
 *     conversation-type=sms destination=+15550000002 \
 *     server=http://127.0.0.1:8080 \
 *     username=alice@loopback.example password=alice
 * ]|
 *
 * One terminal of a group, which `kandy-loopback --group roof:alice,bob,carol`
 * has:
 * |[
 * gst-launch-1.0 \
 *   fdsrc ! text/x-raw,format=utf8 ! kandychatsink destination=roof \
 *     conversation-type=chat-group server=http://127.0.0.1:8080 \
 *     username=alice@loopback.example password=alice \
 *   kandychatsrc destination=roof conversation-type=chat-group \
 *     show-sender=true ! fdsink
 * ]|
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandychatsink.h"

#include <string.h>

#include <gst/app/gstappsink.h>

GST_DEBUG_CATEGORY_STATIC (gst_kandy_chat_sink_debug);
#define GST_CAT_DEFAULT gst_kandy_chat_sink_debug

#define CAPS "text/x-raw, format=(string)utf8"
/* Buffers that wait for those before them */
#define MAX_WAITING 16

enum {
  PROP_DESTINATION = GST_KANDY_BASE_BIN_N_PROPERTIES,
  PROP_CONVERSATION_TYPE,
};

/* Bytes of a character, and what one of several bytes begins with (RFC 3629
 * section 4) */
#define UTF8_MAX 4
#define UTF8_FIRST_LEAD 0xc2
#define UTF8_LAST_LEAD 0xf4

struct _GstKandyChatSink {
  GstKandyBaseBin parent_instance;

  GstAppSink *appsink;

  /* guarded by the object lock */
  char *destination; /* (nullable) */
  KandyChatType type;
  gboolean sending;        /* a message is on its way, or looked for */
  gboolean again;          /* and there may be more by now */
  guint generation;        /* counts the ways up from READY */
  GstMessage *waiting;     /* (nullable): EOS, until all has gone */
  char rest[UTF8_MAX - 1]; /* the beginning of a character */
  gsize n_rest;
  guint n_lost; /* messages that were not sent */
  char *reason; /* (nullable): why the last one was not */
};

static void gst_kandy_chat_sink_member_init (
    GstKandySessionMemberInterface *iface);

G_DEFINE_TYPE_WITH_CODE (GstKandyChatSink, gst_kandy_chat_sink,
    GST_TYPE_KANDY_BASE_BIN,
    G_IMPLEMENT_INTERFACE (
        GST_KANDY_TYPE_SESSION_MEMBER, gst_kandy_chat_sink_member_init)
        GST_DEBUG_CATEGORY_INIT (gst_kandy_chat_sink_debug, "kandychatsink", 0,
            "messages to the Kandy platform"))

GST_ELEMENT_REGISTER_DEFINE (
    kandychatsink, "kandychatsink", GST_RANK_NONE, GST_TYPE_KANDY_CHAT_SINK);

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE (
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS (CAPS));

static void gst_kandy_chat_sink_work (GstKandyChatSink *self);

/* A message is lost, which the end of the stream will tell */
static void
note_loss (GstKandyChatSink *self, const char *reason)
{
  GST_OBJECT_LOCK (self);
  self->n_lost++;
  g_free (self->reason);
  self->reason = g_strdup (reason);
  GST_OBJECT_UNLOCK (self);
}

static void
warn_no_text (GstKandyChatSink *self, gsize size)
{
  static const char reason[] = "A message that is no UTF-8 text was not sent.";

  note_loss (self, reason);
  GST_ELEMENT_WARNING (self, STREAM, WRONG_TYPE, ("%s", reason),
      ("%" G_GSIZE_FORMAT " bytes", size));
}

/* How many bytes at the end of @text are the beginning of a character. GLib
 * would wait for the rest of longer ones, too, and after a NUL. */
static gsize
count_begun (const GString *text)
{
  const char *end;
  gsize n;

  g_utf8_validate_len (text->str, text->len, &end);
  n = text->len - (gsize) (end - text->str);
  if (n == 0 || n >= UTF8_MAX || (guint8) *end < UTF8_FIRST_LEAD
      || (guint8) *end > UTF8_LAST_LEAD
      || g_utf8_get_char_validated (end, (gssize) n) != (gunichar) -2)
    return 0;
  return n;
}

/* What the buffer before has left, if the buffer goes on with it, and the
 * buffer, without the beginning of a character at its end, which is kept for
 * the next one. @n_lost: (out): bytes that were left, and have no end */
static GString *
join (GstKandyChatSink *self, const GstMapInfo *map, guint generation,
    gsize *n_lost)
{
  GString *text = g_string_new (NULL);
  gsize n_begun;

  *n_lost = 0;
  GST_OBJECT_LOCK (self);
  g_string_append_len (text, self->rest, (gssize) self->n_rest);
  g_string_append_len (text, (const char *) map->data, (gssize) map->size);
  if (self->n_rest > 0
      && g_utf8_get_char_validated (text->str, (gssize) text->len)
          == (gunichar) -1) {
    *n_lost = self->n_rest;
    g_string_erase (text, 0, (gssize) self->n_rest);
  }
  n_begun = count_begun (text);
  if (generation == self->generation) {
    memcpy (self->rest, text->str + text->len - n_begun, n_begun);
    self->n_rest = n_begun;
  }
  GST_OBJECT_UNLOCK (self);
  g_string_truncate (text, text->len - n_begun);
  return text;
}

/* (transfer full) (nullable): the text, if it is to be sent */
static char *
read_text (GstKandyChatSink *self, GstBuffer *buffer, guint generation)
{
  GstMapInfo map;
  GString *text;
  gsize n_lost;

  if (!gst_buffer_map (buffer, &map, GST_MAP_READ)) {
    note_loss (self, "A buffer cannot be read.");
    GST_ELEMENT_WARNING (
        self, RESOURCE, READ, (NULL), ("A buffer cannot be read"));
    return NULL;
  }
  text = join (self, &map, generation, &n_lost);
  gst_buffer_unmap (buffer, &map);
  if (n_lost > 0)
    warn_no_text (self, n_lost);
  /* strchr() finds NUL, too */
  while (text->len > 0 && strchr ("\n\r", text->str[text->len - 1]) != NULL)
    g_string_truncate (text, text->len - 1);
  if (!g_utf8_validate_len (text->str, text->len, NULL)) {
    warn_no_text (self, text->len);
    g_string_truncate (text, 0);
  }
  return g_string_free (text, text->len == 0);
}

typedef struct {
  GstKandyChatSink *sink;
  guint generation;
} Sending;

static void
sending_free (gpointer data)
{
  gst_object_unref (((Sending *) data)->sink);
  g_free (data);
}

/* On the kandy thread, or on the one that asked */
static void
on_reply (GstPromise *promise, gpointer user_data)
{
  Sending *sending = user_data;
  GstKandyChatSink *self = sending->sink;
  const GstStructure *reply = NULL;
  g_autoptr (GError) error = NULL;
  gboolean current;

  if (gst_promise_wait (promise) == GST_PROMISE_RESULT_REPLIED)
    reply = gst_promise_get_reply (promise);
  if (reply != NULL && gst_structure_has_field (reply, "error"))
    gst_structure_get (reply, "error", G_TYPE_ERROR, &error, NULL);

  GST_OBJECT_LOCK (self);
  current = sending->generation == self->generation;
  GST_OBJECT_UNLOCK (self);
  if (!current)
    return;

  if (error != NULL
      && !g_error_matches (error, KANDY_ERROR, KANDY_ERROR_DESTROYED)
      && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
    const char *code = kandy_error_get_platform_code (error);
    guint status = kandy_error_get_http_status (error);
    g_autofree char *reason =
        g_strdup_printf ("A message was not sent: %s", error->message);

    note_loss (self, reason);
    GST_ELEMENT_WARNING_WITH_DETAILS (self, RESOURCE, WRITE, ("%s", reason),
        ("code %s, HTTP status %u", code != NULL ? code : "NO_CODE", status),
        ("code", G_TYPE_STRING, code != NULL ? code : "NO_CODE", "http-status",
            G_TYPE_UINT, status, NULL));
  }
  /* only now: the end of the stream may come at any time, and tells of losses
   */
  GST_OBJECT_LOCK (self);
  if (sending->generation == self->generation)
    self->sending = FALSE;
  GST_OBJECT_UNLOCK (self);
  gst_kandy_chat_sink_work (self);
}

static void
send_text (GstKandyChatSink *self, const char *text, guint generation)
{
  g_autofree char *destination = NULL;
  Sending *sending = g_new0 (Sending, 1);
  KandyChatType type;
  GstPromise *promise;

  GST_OBJECT_LOCK (self);
  destination = g_strdup (self->destination);
  type = self->type;
  GST_OBJECT_UNLOCK (self);

  sending->sink = gst_object_ref (self);
  sending->generation = generation;
  promise = gst_promise_new_with_change_func (on_reply, sending, sending_free);
  gst_kandy_base_bin_request (GST_KANDY_BASE_BIN (self),
      gst_structure_new ("send-message", "destination", G_TYPE_STRING,
          destination != NULL ? destination : "", "conversation-type",
          KANDY_TYPE_CHAT_TYPE, type, "text", G_TYPE_STRING, text, NULL),
      promise);
  gst_promise_unref (promise);
}

/* All have gone, or been lost. @eos: (transfer full) */
static void
end_stream (GstKandyChatSink *self, GstMessage *eos)
{
  g_autofree char *reason = NULL;
  gsize n_rest;
  guint n_lost;

  GST_OBJECT_LOCK (self);
  n_rest = self->n_rest;
  self->n_rest = 0;
  GST_OBJECT_UNLOCK (self);
  if (n_rest > 0)
    warn_no_text (self, n_rest);

  GST_OBJECT_LOCK (self);
  n_lost = self->n_lost;
  reason = g_strdup (self->reason);
  GST_OBJECT_UNLOCK (self);
  if (n_lost == 0) {
    GST_BIN_CLASS (gst_kandy_chat_sink_parent_class)
        ->handle_message (GST_BIN (self), eos);
    return;
  }
  gst_message_unref (eos);
  if (n_lost == 1)
    GST_ELEMENT_ERROR (self, RESOURCE, WRITE, ("%s", reason), (NULL));
  else
    GST_ELEMENT_ERROR (self, RESOURCE, WRITE,
        ("%u messages were not sent; the last one: %s", n_lost, reason),
        (NULL));
}

/* Sends what waits, unless something is on its way already */
static void
gst_kandy_chat_sink_work (GstKandyChatSink *self)
{
  for (;;) {
    g_autoptr (GstSample) sample = NULL;
    g_autofree char *text = NULL;
    GstMessage *eos = NULL;
    gboolean over;
    guint generation;

    GST_OBJECT_LOCK (self);
    if (self->sending) {
      self->again = TRUE;
      GST_OBJECT_UNLOCK (self);
      return;
    }
    self->sending = TRUE;
    self->again = FALSE;
    generation = self->generation;
    GST_OBJECT_UNLOCK (self);

    sample = gst_app_sink_try_pull_sample (self->appsink, 0);
    if (sample != NULL) {
      text = read_text (self, gst_sample_get_buffer (sample), generation);
      if (text != NULL) {
        send_text (self, text, generation);
        return;
      }
    }

    GST_OBJECT_LOCK (self);
    if (generation == self->generation)
      self->sending = FALSE;
    over = sample == NULL && !self->again;
    if (over)
      eos = g_steal_pointer (&self->waiting);
    GST_OBJECT_UNLOCK (self);
    if (over) {
      if (eos != NULL)
        end_stream (self, eos);
      return;
    }
  }
}

static GstFlowReturn
on_new_sample (GstAppSink *appsink, gpointer user_data)
{
  gst_kandy_chat_sink_work (user_data);
  return GST_FLOW_OK;
}

/* The last message has to go before the stream is over */
static void
gst_kandy_chat_sink_handle_message (GstBin *bin, GstMessage *message)
{
  GstKandyChatSink *self = GST_KANDY_CHAT_SINK (bin);

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS
      && GST_MESSAGE_SRC (message) == GST_OBJECT (self->appsink)) {
    GstMessage *old;

    GST_OBJECT_LOCK (self);
    old = self->waiting;
    self->waiting = message;
    GST_OBJECT_UNLOCK (self);
    g_clear_pointer (&old, gst_message_unref);
    gst_kandy_chat_sink_work (self);
    return;
  }
  GST_BIN_CLASS (gst_kandy_chat_sink_parent_class)
      ->handle_message (bin, message);
}

/* This element has no part in calls */
static void
gst_kandy_chat_sink_get_wishes (
    GstKandySessionMember *member, GstKandySessionWishes *wishes)
{
  GstKandyChatSink *self = GST_KANDY_CHAT_SINK (member);

  GST_OBJECT_LOCK (self);
  wishes->services |= self->type == KANDY_CHAT_TYPE_SMS
      ? GST_KANDY_SERVICE_SMS
      : GST_KANDY_SERVICE_CHAT;
  GST_OBJECT_UNLOCK (self);
}

static void
gst_kandy_chat_sink_member_init (GstKandySessionMemberInterface *iface)
{
  iface->get_wishes = gst_kandy_chat_sink_get_wishes;
}

static GstStateChangeReturn
gst_kandy_chat_sink_change_state (
    GstElement *element, GstStateChange transition)
{
  GstKandyChatSink *self = GST_KANDY_CHAT_SINK (element);
  GstStateChangeReturn ret;
  GstMessage *eos = NULL;

  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED
      || transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
    GST_OBJECT_LOCK (self);
    self->generation++;
    self->sending = FALSE;
    self->n_rest = 0;
    self->n_lost = 0;
    eos = g_steal_pointer (&self->waiting);
    GST_OBJECT_UNLOCK (self);
    g_clear_pointer (&eos, gst_message_unref);
  }
  ret = GST_ELEMENT_CLASS (gst_kandy_chat_sink_parent_class)
            ->change_state (element, transition);

  /* appsink keeps what waits until NULL; the next time begins without it */
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
    GstSample *sample;

    while ((sample = gst_app_sink_try_pull_sample (self->appsink, 0)) != NULL)
      gst_sample_unref (sample);
  }
  return ret;
}

static void
gst_kandy_chat_sink_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstKandyChatSink *self = GST_KANDY_CHAT_SINK (object);

  switch (id) {
    case PROP_DESTINATION:
      GST_OBJECT_LOCK (self);
      g_free (self->destination);
      self->destination = g_value_dup_string (value);
      GST_OBJECT_UNLOCK (self);
      break;
    case PROP_CONVERSATION_TYPE:
      GST_OBJECT_LOCK (self);
      self->type = g_value_get_enum (value);
      GST_OBJECT_UNLOCK (self);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
gst_kandy_chat_sink_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstKandyChatSink *self = GST_KANDY_CHAT_SINK (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_DESTINATION:
      g_value_set_string (value, self->destination);
      break;
    case PROP_CONVERSATION_TYPE:
      g_value_set_enum (value, self->type);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_kandy_chat_sink_finalize (GObject *object)
{
  GstKandyChatSink *self = GST_KANDY_CHAT_SINK (object);

  g_free (self->destination);
  g_free (self->reason);
  g_clear_pointer (&self->waiting, gst_message_unref);

  G_OBJECT_CLASS (gst_kandy_chat_sink_parent_class)->finalize (object);
}

static void
gst_kandy_chat_sink_class_init (GstKandyChatSinkClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  const GParamFlags flags =
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING;

  object_class->set_property = gst_kandy_chat_sink_set_property;
  object_class->get_property = gst_kandy_chat_sink_get_property;
  object_class->finalize = gst_kandy_chat_sink_finalize;
  element_class->change_state =
      GST_DEBUG_FUNCPTR (gst_kandy_chat_sink_change_state);
  GST_BIN_CLASS (klass)->handle_message =
      GST_DEBUG_FUNCPTR (gst_kandy_chat_sink_handle_message);

  /**
   * GstKandyChatSink:destination:
   *
   * Who gets the messages: a user, as in `bob` or `bob@example.org`, the id of
   * a group, or a telephone number, as in `+16135551234`.
   */
  g_object_class_install_property (object_class, PROP_DESTINATION,
      g_param_spec_string ("destination", "Destination",
          "Who gets the messages: a user, a group's id or a telephone number",
          NULL, flags));
  /**
   * GstKandyChatSink:conversation-type:
   *
   * What #GstKandyChatSink:destination is. Takes effect with the next message;
   * set it before PAUSED, so that the element signs on for it.
   */
  g_object_class_install_property (object_class, PROP_CONVERSATION_TYPE,
      g_param_spec_enum ("conversation-type", "Conversation type",
          "Whether the destination is a user, a group or a telephone number",
          KANDY_TYPE_CHAT_TYPE, KANDY_CHAT_TYPE_ONE_TO_ONE, flags));

  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_set_static_metadata (element_class, "Kandy chat sink",
      "Sink/Network",
      "Sends each buffer of text as a message on the Kandy "
      "CPaaS platform, as chat or as a short message",
      "The gst-kandy authors");
  gst_type_mark_as_plugin_api (KANDY_TYPE_CHAT_TYPE, 0);
}

static void
gst_kandy_chat_sink_init (GstKandyChatSink *self)
{
  GstAppSinkCallbacks callbacks = { .new_sample = on_new_sample };
  g_autoptr (GstCaps) caps = gst_caps_from_string (CAPS);
  g_autoptr (GstPad) pad = NULL;
  g_autoptr (GstPadTemplate) template =
      gst_static_pad_template_get (&sink_template);
  GstElement *appsink = gst_element_factory_make ("appsink", "messages");

  GST_OBJECT_FLAG_SET (self, GST_ELEMENT_FLAG_SINK);
  if (appsink == NULL) {
    GST_ERROR_OBJECT (self, "there is no element \"appsink\"");
    return;
  }
  /* Nothing is waited for: neither the time of a message, nor the first one */
  g_object_set (appsink, "sync", FALSE, "async", FALSE, "max-buffers",
      MAX_WAITING, "wait-on-eos", FALSE, "enable-last-sample", FALSE, "caps",
      caps, NULL);
  self->appsink = GST_APP_SINK (appsink);
  gst_app_sink_set_callbacks (self->appsink, &callbacks, self, NULL);
  gst_bin_add (GST_BIN (self), appsink);
  pad = gst_element_get_static_pad (appsink, "sink");
  gst_element_add_pad (GST_ELEMENT (self),
      gst_ghost_pad_new_from_template ("sink", pad, template));
}
