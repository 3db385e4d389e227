/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-messaging-private.h"

#include <string.h>

#include "kandy-enum-types.h"
#include "kandy-error.h"
#include "kandy-json.h"

/**
 * KandyMessagePart:
 *
 * A piece of a message: text, a JSON value, or a file (API document:
 * `conversation.Part`).
 *
 * A message on the wire has one text and at most one attachment. So several
 * texts are sent with line feeds between them, and a JSON value travels as an
 * attachment of type `application/json`; at the far end it is a file, which
 * kandy_message_fetch_json_async() reads.
 */

#define JSON_NAME "part.json"
#define JSON_TYPE "application/json"
#define MAX_NAME 255

/* Most parts are text, and have none of this */
typedef struct {
  char *name;
  char *content_type;
  char *id;
  char *link;
  char *thumbnail_link;
  char *url;
  char *thumbnail_url;
  gint64 size;
  gint64 transferred;
  GFile *file;          /* to be sent */
  GInputStream *stream; /* to be sent */
  GFile *fetched;       /* made by us, goes away with the part */
  GFile *fetched_thumbnail;
} Attachment;

struct _KandyMessagePart {
  GObject parent_instance;

  char *text; /* JSON: its text */
  Attachment *attachment;
  KandyPartType type;
};

enum {
  PROP_0,
  PROP_PART_TYPE,
  PROP_TEXT,
  PROP_JSON,
  PROP_NAME,
  PROP_CONTENT_TYPE,
  PROP_SIZE,
  PROP_TRANSFERRED,
  PROP_RAW_URL,
  PROP_URL,
  PROP_THUMBNAIL_URL,
  N_PROPS,
};

static GParamSpec *props[N_PROPS];

G_DEFINE_FINAL_TYPE (KandyMessagePart, kandy_message_part, G_TYPE_OBJECT)

static void
remove_file (GFile **file)
{
  if (*file)
    g_file_delete (*file, NULL, NULL);
  g_clear_object (file);
}

static void
attachment_free (Attachment *attachment)
{
  g_free (attachment->name);
  g_free (attachment->content_type);
  g_free (attachment->id);
  g_free (attachment->link);
  g_free (attachment->thumbnail_link);
  g_free (attachment->url);
  g_free (attachment->thumbnail_url);
  g_clear_object (&attachment->file);
  g_clear_object (&attachment->stream);
  remove_file (&attachment->fetched);
  remove_file (&attachment->fetched_thumbnail);
  g_free (attachment);
}

static KandyMessagePart *
part_new (KandyPartType type, const char *text)
{
  KandyMessagePart *self = g_object_new (KANDY_TYPE_MESSAGE_PART, NULL);

  self->type = type;
  self->text = g_strdup (text);
  if (type != KANDY_PART_TYPE_TEXT) {
    self->attachment = g_new0 (Attachment, 1);
    self->attachment->size = -1;
  }
  return self;
}

static void
kandy_message_part_get_property (
    GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  KandyMessagePart *self = KANDY_MESSAGE_PART (object);

  switch (prop_id) {
    case PROP_PART_TYPE:
      g_value_set_enum (value, self->type);
      break;
    case PROP_TEXT:
      g_value_set_string (value, kandy_message_part_get_text (self));
      break;
    case PROP_JSON:
      g_value_set_string (value, kandy_message_part_get_json (self));
      break;
    case PROP_NAME:
      g_value_set_string (value, kandy_message_part_get_name (self));
      break;
    case PROP_CONTENT_TYPE:
      g_value_set_string (value, kandy_message_part_get_content_type (self));
      break;
    case PROP_SIZE:
      g_value_set_int64 (value, kandy_message_part_get_size (self));
      break;
    case PROP_TRANSFERRED:
      g_value_set_int64 (value, kandy_message_part_get_transferred (self));
      break;
    case PROP_RAW_URL:
      g_value_set_string (value, kandy_message_part_get_raw_url (self));
      break;
    case PROP_URL:
      g_value_set_string (value, kandy_message_part_get_url (self));
      break;
    case PROP_THUMBNAIL_URL:
      g_value_set_string (value, kandy_message_part_get_thumbnail_url (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
kandy_message_part_finalize (GObject *object)
{
  KandyMessagePart *self = KANDY_MESSAGE_PART (object);

  g_free (self->text);
  g_clear_pointer (&self->attachment, attachment_free);

  G_OBJECT_CLASS (kandy_message_part_parent_class)->finalize (object);
}

static void
kandy_message_part_class_init (KandyMessagePartClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags =
      G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = kandy_message_part_get_property;
  object_class->finalize = kandy_message_part_finalize;

  /**
   * KandyMessagePart:part-type:
   *
   * What it is (API document: `type`).
   */
  props[PROP_PART_TYPE] = g_param_spec_enum ("part-type", NULL, NULL,
      KANDY_TYPE_PART_TYPE, KANDY_PART_TYPE_TEXT, flags);
  /**
   * KandyMessagePart:text:
   *
   * The text of a text part (API document: `text`).
   */
  props[PROP_TEXT] = g_param_spec_string ("text", NULL, NULL, NULL, flags);
  /**
   * KandyMessagePart:json:
   *
   * The value as JSON text (API document: `json`): of a JSON part, or of a file
   * that kandy_message_fetch_json_async() has read.
   */
  props[PROP_JSON] = g_param_spec_string ("json", NULL, NULL, NULL, flags);
  /**
   * KandyMessagePart:name:
   *
   * Name of the file. Of a file that was received it is a bare name, without
   * folders and without characters that are not printed.
   */
  props[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);
  /**
   * KandyMessagePart:content-type:
   *
   * MIME type of the file, as whoever sends it says.
   */
  props[PROP_CONTENT_TYPE] =
      g_param_spec_string ("content-type", NULL, NULL, NULL, flags);
  /**
   * KandyMessagePart:size:
   *
   * Size of the file in bytes, -1 if it is not known.
   */
  props[PROP_SIZE] =
      g_param_spec_int64 ("size", NULL, NULL, -1, G_MAXINT64, -1, flags);
  /**
   * KandyMessagePart:transferred:
   *
   * How many bytes of the file have been sent or received; changes while the
   * message is sent or the file downloaded.
   */
  props[PROP_TRANSFERRED] =
      g_param_spec_int64 ("transferred", NULL, NULL, 0, G_MAXINT64, 0, flags);
  /**
   * KandyMessagePart:raw-url:
   *
   * Where the platform has the file (API document: `rawURL`). It cannot be read
   * without the user's token.
   */
  props[PROP_RAW_URL] =
      g_param_spec_string ("raw-url", NULL, NULL, NULL, flags);
  /**
   * KandyMessagePart:url:
   *
   * A `file:` URI for the file's content (API document: `url`), once
   * kandy_message_create_image_links_async() has fetched it. The file goes away
   * with the part.
   */
  props[PROP_URL] = g_param_spec_string ("url", NULL, NULL, NULL, flags);
  /**
   * KandyMessagePart:thumbnail-url:
   *
   * The same for the small picture that the platform made of a large one, if it
   * did.
   */
  props[PROP_THUMBNAIL_URL] =
      g_param_spec_string ("thumbnail-url", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
kandy_message_part_init (KandyMessagePart *self)
{
}

/* A path of any system loses its folders; what is not printed is dropped, marks
 * of direction too, which make one extension look like another */
char *
kandy_clean_file_name (const char *name)
{
  g_autofree char *valid = g_utf8_make_valid (name ? name : "", -1);
  GString *clean = g_string_new (NULL);
  const char *p = valid, *end;

  if ((end = strrchr (p, '/')))
    p = end + 1;
  if ((end = strrchr (p, '\\')))
    p = end + 1;
  for (; *p && clean->len + 4 <= MAX_NAME; p = g_utf8_next_char (p)) {
    gunichar c = g_utf8_get_char (p);

    if (g_unichar_isprint (c) && g_unichar_type (c) != G_UNICODE_FORMAT)
      g_string_append_unichar (clean, c);
  }
  /* "." and ".." name folders, and a leading dot hides the file */
  g_string_erase (clean, 0, (gssize) strspn (clean->str, ". "));
  if (!clean->len)
    g_string_assign (clean, "file");
  return g_string_free (clean, FALSE);
}

KandyMessagePart *
kandy_message_part_new_attachment (const char *name, const char *content_type,
    gint64 size, const char *id, const char *link, const char *thumbnail)
{
  KandyMessagePart *self = part_new (KANDY_PART_TYPE_FILE, NULL);

  self->attachment->name = kandy_clean_file_name (name);
  self->attachment->content_type = g_strdup (content_type);
  self->attachment->size = MAX (size, -1);
  self->attachment->id = g_strdup (id);
  self->attachment->link = g_strdup (link);
  self->attachment->thumbnail_link = g_strdup (thumbnail);
  return self;
}

void
kandy_message_part_set_stored (
    KandyMessagePart *self, const char *name, const char *id, const char *link)
{
  Attachment *attachment = self->attachment;

  if (name) {
    g_free (attachment->name);
    attachment->name = kandy_clean_file_name (name);
  }
  g_free (attachment->id);
  attachment->id = g_strdup (id);
  g_free (attachment->link);
  attachment->link = g_strdup (link);
  /* It is read, and may be large */
  g_clear_object (&attachment->stream);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_RAW_URL]);
}

void
kandy_message_part_set_transferred (KandyMessagePart *self, gint64 transferred)
{
  if (self->attachment->transferred == transferred)
    return;
  self->attachment->transferred = transferred;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_TRANSFERRED]);
}

void
kandy_message_part_take_files (
    KandyMessagePart *self, GFile *file, GFile *thumbnail)
{
  Attachment *attachment = self->attachment;

  remove_file (&attachment->fetched);
  remove_file (&attachment->fetched_thumbnail);
  g_free (attachment->url);
  g_free (attachment->thumbnail_url);
  attachment->fetched = file;
  attachment->fetched_thumbnail = thumbnail;
  attachment->url = g_file_get_uri (file);
  attachment->thumbnail_url = thumbnail ? g_file_get_uri (thumbnail) : NULL;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_URL]);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_THUMBNAIL_URL]);
}

void
kandy_message_part_take_json (KandyMessagePart *self, char *json)
{
  g_free (self->text);
  self->text = json;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_JSON]);
}

GFile *
kandy_message_part_get_file (KandyMessagePart *self)
{
  return self->attachment ? self->attachment->file : NULL;
}

GInputStream *
kandy_message_part_get_stream (KandyMessagePart *self)
{
  return self->attachment ? self->attachment->stream : NULL;
}

const char *
kandy_message_part_get_thumbnail_link (KandyMessagePart *self)
{
  return self->attachment ? self->attachment->thumbnail_link : NULL;
}

const char *
kandy_message_part_get_id (KandyMessagePart *self)
{
  return self->attachment ? self->attachment->id : NULL;
}

/**
 * kandy_message_part_new_text:
 * @text: the text, UTF-8
 *
 * Makes a part with text (API document: a `Part` of type `text`).
 *
 * Returns: (transfer full): the part
 */
KandyMessagePart *
kandy_message_part_new_text (const char *text)
{
  g_return_val_if_fail (text != NULL, NULL);

  return part_new (KANDY_PART_TYPE_TEXT, text);
}

/**
 * kandy_message_part_new_json:
 * @json: a JSON value as text
 * @error: return location: %KANDY_ERROR_INVALID_PARAM if @json is none, or is
 *     nested deeper than 64 levels
 *
 * Makes a part with a JSON value (API document: a `Part` of type `json`).
 *
 * Returns: (transfer full): the part, or %NULL with @error set
 */
KandyMessagePart *
kandy_message_part_new_json (const char *json, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (JsonNode) node = NULL;
  KandyMessagePart *self;

  g_return_val_if_fail (json != NULL, NULL);

  node = kandy_json_parse (json, -1, &local);
  if (!node) {
    g_propagate_error (error,
        kandy_error_new (KANDY_ERROR_INVALID_PARAM, NULL, 0,
            "The part is no JSON value: %s", local->message));
    return NULL;
  }
  self = part_new (KANDY_PART_TYPE_JSON, json);
  self->attachment->name = g_strdup (JSON_NAME);
  self->attachment->content_type = g_strdup (JSON_TYPE);
  self->attachment->size = (gint64) strlen (json);
  return self;
}

/**
 * kandy_message_part_new_file:
 * @file: a file
 *
 * Makes a part with a file (API document: a `Part` of type `file`). It is read
 * when the message is sent, piece by piece; its name and content type are those
 * of the file.
 *
 * Returns: (transfer full): the part
 */
KandyMessagePart *
kandy_message_part_new_file (GFile *file)
{
  g_autofree char *base = NULL;
  g_autofree char *type = NULL;
  KandyMessagePart *self;

  g_return_val_if_fail (G_IS_FILE (file), NULL);

  self = part_new (KANDY_PART_TYPE_FILE, NULL);
  base = g_file_get_basename (file);
  self->attachment->name = kandy_clean_file_name (base);
  type = g_content_type_guess (self->attachment->name, NULL, 0, NULL);
  self->attachment->content_type = g_content_type_get_mime_type (type);
  self->attachment->file = g_object_ref (file);
  return self;
}

/**
 * kandy_message_part_new_stream:
 * @stream: what to send
 * @size: its size in bytes, -1 if it is not known
 * @name: name of the file that it becomes
 * @content_type: (nullable): its MIME type, %NULL for
 *     `application/octet-stream`
 *
 * Makes a part with a file that is read from a stream when the message is sent.
 * A message with it can be sent once only.
 *
 * Returns: (transfer full): the part
 */
KandyMessagePart *
kandy_message_part_new_stream (GInputStream *stream, gint64 size,
    const char *name, const char *content_type)
{
  KandyMessagePart *self;

  g_return_val_if_fail (G_IS_INPUT_STREAM (stream), NULL);
  g_return_val_if_fail (size >= -1, NULL);
  g_return_val_if_fail (name != NULL, NULL);

  self = part_new (KANDY_PART_TYPE_FILE, NULL);
  self->attachment->name = kandy_clean_file_name (name);
  self->attachment->content_type = g_strdup (content_type);
  self->attachment->size = size;
  self->attachment->stream = g_object_ref (stream);
  return self;
}

/**
 * kandy_message_part_get_part_type:
 * @self: a part
 *
 * Returns: what it is
 */
KandyPartType
kandy_message_part_get_part_type (KandyMessagePart *self)
{
  g_return_val_if_fail (KANDY_IS_MESSAGE_PART (self), KANDY_PART_TYPE_TEXT);

  return self->type;
}

/**
 * kandy_message_part_get_text:
 * @self: a part
 *
 * Returns: (nullable): the text of a text part
 */
const char *
kandy_message_part_get_text (KandyMessagePart *self)
{
  g_return_val_if_fail (KANDY_IS_MESSAGE_PART (self), NULL);

  return self->type == KANDY_PART_TYPE_TEXT ? self->text : NULL;
}

/**
 * kandy_message_part_get_json:
 * @self: a part
 *
 * Returns: (nullable): #KandyMessagePart:json
 */
const char *
kandy_message_part_get_json (KandyMessagePart *self)
{
  g_return_val_if_fail (KANDY_IS_MESSAGE_PART (self), NULL);

  return self->type != KANDY_PART_TYPE_TEXT ? self->text : NULL;
}

/**
 * kandy_message_part_get_name:
 * @self: a part
 *
 * Returns: (nullable): #KandyMessagePart:name
 */
const char *
kandy_message_part_get_name (KandyMessagePart *self)
{
  g_return_val_if_fail (KANDY_IS_MESSAGE_PART (self), NULL);

  return self->attachment ? self->attachment->name : NULL;
}

/**
 * kandy_message_part_get_content_type:
 * @self: a part
 *
 * Returns: (nullable): #KandyMessagePart:content-type
 */
const char *
kandy_message_part_get_content_type (KandyMessagePart *self)
{
  g_return_val_if_fail (KANDY_IS_MESSAGE_PART (self), NULL);

  return self->attachment ? self->attachment->content_type : NULL;
}

/**
 * kandy_message_part_get_size:
 * @self: a part
 *
 * Returns: size of the file in bytes, -1 if it is not known
 */
gint64
kandy_message_part_get_size (KandyMessagePart *self)
{
  g_return_val_if_fail (KANDY_IS_MESSAGE_PART (self), -1);

  return self->attachment ? self->attachment->size : -1;
}

/**
 * kandy_message_part_get_transferred:
 * @self: a part
 *
 * Returns: #KandyMessagePart:transferred
 */
gint64
kandy_message_part_get_transferred (KandyMessagePart *self)
{
  g_return_val_if_fail (KANDY_IS_MESSAGE_PART (self), 0);

  return self->attachment ? self->attachment->transferred : 0;
}

/**
 * kandy_message_part_get_raw_url:
 * @self: a part
 *
 * Returns: (nullable): #KandyMessagePart:raw-url
 */
const char *
kandy_message_part_get_raw_url (KandyMessagePart *self)
{
  g_return_val_if_fail (KANDY_IS_MESSAGE_PART (self), NULL);

  return self->attachment ? self->attachment->link : NULL;
}

/**
 * kandy_message_part_get_url:
 * @self: a part
 *
 * Returns: (nullable): #KandyMessagePart:url
 */
const char *
kandy_message_part_get_url (KandyMessagePart *self)
{
  g_return_val_if_fail (KANDY_IS_MESSAGE_PART (self), NULL);

  return self->attachment ? self->attachment->url : NULL;
}

/**
 * kandy_message_part_get_thumbnail_url:
 * @self: a part
 *
 * Returns: (nullable): #KandyMessagePart:thumbnail-url
 */
const char *
kandy_message_part_get_thumbnail_url (KandyMessagePart *self)
{
  g_return_val_if_fail (KANDY_IS_MESSAGE_PART (self), NULL);

  return self->attachment ? self->attachment->thumbnail_url : NULL;
}
