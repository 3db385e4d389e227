/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-kandysignaller
 * @title: kandysignaller
 * @see_also: kandysink, kandysrc
 *
 * The account by itself: signs on to the Kandy CPaaS platform, tells who calls,
 * and acts on calls. It has no pads. A pipeline with `kandysink` or `kandysrc`
 * does not need it; it is of use where the account is to stay signed on while
 * pipelines with media come and go. They then share its session by the context
 * of type `gst.kandy.session`, see gst_kandy_session_context_new().
 *
 * What it hears of is up to #GstKandySignaller:services; with `chat` its
 * messages `kandy-event` tell of messages and who is typing, too, and its
 * action signals send messages and fetch conversations and their history.
 *
 * ## Example launch lines
 *
 * Beside `kandy-loopback --port 8080`; tells with its messages who calls:
 * |[
 * gst-launch-1.0 -m kandysignaller server=http://127.0.0.1:8080 \
 *     username=carol@loopback.example password=carol
 * ]|
 *
 * The same for who writes:
 * |[
 * gst-launch-1.0 -m kandysignaller server=http://127.0.0.1:8080 \
 *     username=carol@loopback.example password=carol \
 *     services=call+chat+smsinbound
 * ]|
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandysignaller.h"

#include <string.h>

#include "gstkandybasebin-private.h"

#define DEFAULT_SERVICES GST_KANDY_SERVICE_CALL

enum {
  PROP_SERVICES = GST_KANDY_BASE_BIN_N_PROPERTIES,
};

struct _GstKandySignaller {
  GstKandyBaseBin parent_instance;
};

G_DEFINE_TYPE (GstKandySignaller, gst_kandy_signaller, GST_TYPE_KANDY_BASE_BIN)

GST_ELEMENT_REGISTER_DEFINE (
    kandysignaller, "kandysignaller", GST_RANK_NONE, GST_TYPE_KANDY_SIGNALLER);

/* With what all requests about a conversation have */
static GstStructure *
new_request (const char *name, const char *destination, KandyChatType type)
{
  return gst_structure_new (name, "destination", G_TYPE_STRING,
      destination != NULL ? destination : "", "conversation-type",
      KANDY_TYPE_CHAT_TYPE, type, NULL);
}

static void
request (GstKandySignaller *self, GstStructure *structure, GstPromise *promise)
{
  gst_kandy_base_bin_request (GST_KANDY_BASE_BIN (self), structure, promise);
}

static void
gst_kandy_signaller_send_message (GstKandySignaller *self,
    const char *destination, KandyChatType type, const char *text,
    const char *file, GstPromise *promise)
{
  GstStructure *structure = new_request ("send-message", destination, type);

  gst_structure_set (structure, "text", G_TYPE_STRING, text, "file",
      G_TYPE_STRING, file, NULL);
  request (self, structure, promise);
}

static void
gst_kandy_signaller_set_is_typing (GstKandySignaller *self,
    const char *destination, KandyChatType type, gboolean typing,
    GstPromise *promise)
{
  GstStructure *structure = new_request ("set-is-typing", destination, type);

  gst_structure_set (structure, "typing", G_TYPE_BOOLEAN, typing, NULL);
  request (self, structure, promise);
}

static void
gst_kandy_signaller_fetch_conversations (
    GstKandySignaller *self, KandyChatType type, GstPromise *promise)
{
  request (self, new_request ("fetch-conversations", NULL, type), promise);
}

static void
gst_kandy_signaller_fetch_messages (GstKandySignaller *self,
    const char *destination, KandyChatType type, guint amount,
    GstPromise *promise)
{
  GstStructure *structure = new_request ("fetch-messages", destination, type);

  gst_structure_set (structure, "amount", G_TYPE_UINT, amount, NULL);
  request (self, structure, promise);
}

static void
gst_kandy_signaller_delete_messages (GstKandySignaller *self,
    const char *destination, KandyChatType type, const char *const *ids,
    GstPromise *promise)
{
  GstStructure *structure = new_request ("delete-messages", destination, type);

  gst_structure_set (structure, "message-ids", G_TYPE_STRV, ids, NULL);
  request (self, structure, promise);
}

static void
gst_kandy_signaller_delete_conversation (GstKandySignaller *self,
    const char *destination, KandyChatType type, GstPromise *promise)
{
  request (
      self, new_request ("delete-conversation", destination, type), promise);
}

static void
gst_kandy_signaller_request (
    GstKandySignaller *self, GstStructure *request, GstPromise *promise)
{
  GstKandyBaseBin *bin = GST_KANDY_BASE_BIN (self);

  if (request != NULL
      && strchr (gst_structure_get_name (request), '.') != NULL) {
    gst_kandy_base_bin_request (bin, gst_structure_copy (request), promise);
  } else {
    g_autoptr (GError) error =
        kandy_error_new (KANDY_ERROR_INVALID_PARAM, "BAD_INPUT", 0,
            "A request is a structure that is named as \"groups.create\" is");

    gst_kandy_promise_reply (promise, NULL, error);
  }
}

static void
gst_kandy_signaller_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  switch (id) {
    case PROP_SERVICES:
      GST_OBJECT_LOCK (object);
      PRIVATE (object)->services = g_value_get_flags (value);
      GST_OBJECT_UNLOCK (object);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
gst_kandy_signaller_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  switch (id) {
    case PROP_SERVICES:
      GST_OBJECT_LOCK (object);
      g_value_set_flags (value, PRIVATE (object)->services);
      GST_OBJECT_UNLOCK (object);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
install_actions (GType type)
{
  const GSignalFlags flags = G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION;

  /**
   * GstKandySignaller::send-message:
   * @self: the element
   * @destination: a user, a group's id or a telephone number
   * @type: a #KandyChatType: which of these it is
   * @text: (nullable): what to say
   * @file: (nullable): path or URI of a file to send with it
   * @promise: (nullable): to be told how it went
   *
   * Sends a message, as soon as the element is signed on. @promise is replied
   * to with a structure `application/x-kandy-reply` that has the field
   * `message-id`, or as in #GstKandyBaseBin::call in case of failure. API
   * document: `conversation.create`, `Conversation.createMessage`,
   * `Message.addPart`, `Message.send`.
   */
  g_signal_new_class_handler ("send-message", type, flags,
      G_CALLBACK (gst_kandy_signaller_send_message), NULL, NULL, NULL,
      G_TYPE_NONE, 5, G_TYPE_STRING, KANDY_TYPE_CHAT_TYPE, G_TYPE_STRING,
      G_TYPE_STRING, GST_TYPE_PROMISE);
  /**
   * GstKandySignaller::set-is-typing:
   * @self: the element
   * @destination: a user or a group's id
   * @type: a #KandyChatType: which of these it is
   * @typing: whether the user is typing
   * @promise: (nullable): to be told how it went
   *
   * Tells the others of typing. API document: `Conversation.setIsTyping`.
   */
  g_signal_new_class_handler ("set-is-typing", type, flags,
      G_CALLBACK (gst_kandy_signaller_set_is_typing), NULL, NULL, NULL,
      G_TYPE_NONE, 4, G_TYPE_STRING, KANDY_TYPE_CHAT_TYPE, G_TYPE_BOOLEAN,
      GST_TYPE_PROMISE);
  /**
   * GstKandySignaller::fetch-conversations:
   * @self: the element
   * @type: a #KandyChatType: which kind
   * @promise: (nullable): to be told how it went
   *
   * Fetches conversations. @promise is replied to with the field
   * `conversations`, an array of structures with `destination`,
   * `conversation-type`, `last-message` and `last-received` (ms). API document:
   * `conversation.fetch`, `conversation.getAll`.
   */
  g_signal_new_class_handler ("fetch-conversations", type, flags,
      G_CALLBACK (gst_kandy_signaller_fetch_conversations), NULL, NULL, NULL,
      G_TYPE_NONE, 2, KANDY_TYPE_CHAT_TYPE, GST_TYPE_PROMISE);
  /**
   * GstKandySignaller::fetch-messages:
   * @self: the element
   * @destination: a user, a group's id or a telephone number
   * @type: a #KandyChatType: which of these it is
   * @amount: how many of the latest, 0 for 50
   * @promise: (nullable): to be told how it went
   *
   * Fetches messages. @promise is replied to with the field `messages`, an
   * array of structures with `message-id`, `sender`, `timestamp` (ms), `text`,
   * `own`, `delivery-status` and `parts` (how many), oldest first: all that are
   * known by then. API document: `Conversation.fetchMessages`,
   * `Conversation.getMessages`.
   */
  g_signal_new_class_handler ("fetch-messages", type, flags,
      G_CALLBACK (gst_kandy_signaller_fetch_messages), NULL, NULL, NULL,
      G_TYPE_NONE, 4, G_TYPE_STRING, KANDY_TYPE_CHAT_TYPE, G_TYPE_UINT,
      GST_TYPE_PROMISE);
  /**
   * GstKandySignaller::delete-messages:
   * @self: the element
   * @destination: a user, a group's id or a telephone number
   * @type: a #KandyChatType: which of these it is
   * @ids: which messages
   * @promise: (nullable): to be told how it went
   *
   * Deletes the own copies of messages. API document:
   * `Conversation.deleteMessages`.
   */
  g_signal_new_class_handler ("delete-messages", type, flags,
      G_CALLBACK (gst_kandy_signaller_delete_messages), NULL, NULL, NULL,
      G_TYPE_NONE, 4, G_TYPE_STRING, KANDY_TYPE_CHAT_TYPE, G_TYPE_STRV,
      GST_TYPE_PROMISE);
  /**
   * GstKandySignaller::delete-conversation:
   * @self: the element
   * @destination: a user, a group's id or a telephone number
   * @type: a #KandyChatType: which of these it is
   * @promise: (nullable): to be told how it went
   *
   * Deletes a conversation with the own copies of its messages. API document:
   * `Conversation.delete`.
   */
  g_signal_new_class_handler ("delete-conversation", type, flags,
      G_CALLBACK (gst_kandy_signaller_delete_conversation), NULL, NULL, NULL,
      G_TYPE_NONE, 3, G_TYPE_STRING, KANDY_TYPE_CHAT_TYPE, GST_TYPE_PROMISE);
  /**
   * GstKandySignaller::request:
   * @self: the element
   * @request: what is asked for: a structure that has the name of a method of
   *   the API document's namespaces `conversation`, `groups`, `presence`,
   *   `contacts`, `user` and `services`, and the method's parameters as fields
   * @promise: (nullable): to be told how it went
   *
   * Asks the platform for something. Lists of texts are a #GStrv, a
   * #GST_TYPE_ARRAY or one text (participants may be structures with the field
   * `address`, too); objects of the document, as in
   * `contacts.add, contact=[contact, contactId=c1, firstName=Zoe]`, are
   * structures. One that comes while the element signs on waits until it has.
   *
   * What the document has in `options` may be in a structure of that name, or
   * be a field itself.
   *
   * Methods of a conversation, as `conversation.Conversation.fetchMessages` is,
   * also have its `destination` (or `recipient`) and its `type`
   * (`chat-oneToOne`, which is the default, `chat-group` or `sms`) as fields,
   * those of a message besides its `messageId`. `conversation.Message.send` has
   * the message's `parts`, an array of structures with the field `type`
   * (`text`, `json` or `file`) and one of that name: the text, the JSON, a
   * file's path or URI.
   *
   * @promise is replied to with a structure `application/x-kandy-reply` that
   * has what the method gives: a field `group`, `groups`, `participants`,
   * `invitations`, `presence`, `contact`, `contacts`, `user`, `users`,
   * `conversation`, `conversations`, `message`; `messages` or `results`, both
   * with `next` if there are more; `subscribed`, `available` and `isPending`. A
   * message's `parts` have a local `url` for each file after
   * `conversation.Message.createImageLinks`. In case of failure it has the
   * fields `error`, `code` and `http-status` of #GstKandyBaseBin::call. The
   * document's events come as messages `kandy-event` all the same.
   */
  g_signal_new_class_handler ("request", type, flags,
      G_CALLBACK (gst_kandy_signaller_request), NULL, NULL, NULL, G_TYPE_NONE,
      2, GST_TYPE_STRUCTURE, GST_TYPE_PROMISE);
}

static void
gst_kandy_signaller_class_init (GstKandySignallerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->set_property = gst_kandy_signaller_set_property;
  object_class->get_property = gst_kandy_signaller_get_property;

  /**
   * GstKandySignaller:services:
   *
   * What to sign on for: `call`, `chat`, `smsinbound`, `presence`. What is not
   * named here and by no other element of the session is not told of.
   */
  g_object_class_install_property (object_class, PROP_SERVICES,
      g_param_spec_flags ("services", "Services", "What to sign on for",
          GST_KANDY_TYPE_SERVICE_FLAGS, DEFAULT_SERVICES,
          G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS
              | GST_PARAM_MUTABLE_READY));
  install_actions (G_TYPE_FROM_CLASS (klass));

  gst_element_class_set_static_metadata (GST_ELEMENT_CLASS (klass),
      "Kandy account", "Generic/Network",
      "Signs on to the Kandy CPaaS platform, tells who calls and who writes, "
      "and "
      "writes back. Settings of the client are its child \"client\", for "
      "example client::ping-interval=20000",
      "The gst-kandy authors");
  gst_type_mark_as_plugin_api (GST_KANDY_TYPE_SERVICE_FLAGS, 0);
  gst_type_mark_as_plugin_api (KANDY_TYPE_CHAT_TYPE, 0);
}

static void
gst_kandy_signaller_init (GstKandySignaller *self)
{
}
