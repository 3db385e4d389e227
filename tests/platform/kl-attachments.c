/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kl-messages.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <glib/gstdio.h>

/* Attachments (protocol messaging 2.4.2): files in the store's directory, named
 * by the platform; the name that a user gave is only text. An upload goes to
 * the disk while it arrives, and a download comes from there. Who has not
 * uploaded an attachment and has no message with it cannot tell that it is
 * there. */

#define UPLOAD "kl-upload"
/* Boundaries, headers and the root fields */
#define FRAMING (64 * 1024)
#define MAX_NAME 255
#define MAX_TYPE 127
#define MAX_BYTES_PER_ACCOUNT ((gint64) 1024 * 1024 * 1024)

typedef struct {
  char *path; /* of what has come so far */
  int fd;
  gsize length;
  gsize limit;
  gboolean failed;
} Upload;

gboolean
kl_attachments_add_tables (KlStore *store, GError **error)
{
  static const char tables[] =
      "CREATE TABLE IF NOT EXISTS objects ("
      " id TEXT PRIMARY KEY, owner TEXT NOT NULL,"
      " name TEXT NOT NULL, type TEXT NOT NULL, size INTEGER NOT NULL"
      ") WITHOUT ROWID;"
      "CREATE INDEX IF NOT EXISTS objects_of_owners ON objects (owner);"
      "CREATE TABLE IF NOT EXISTS readers ("
      " object TEXT NOT NULL, address TEXT NOT NULL,"
      " PRIMARY KEY (object, address)) WITHOUT ROWID;";

  return kl_store_add_tables (store, tables, error);
}

gboolean
kl_attachment_is_readable (
    KandyLoopback *self, const char *id, KlAccount *reader)
{
  return kl_store_get_int (self->store, 0,
             "SELECT count(*) FROM readers WHERE object = ? AND address = ?",
             "ss", id, reader->address)
      > 0;
}

void
kl_attachment_share (KandyLoopback *self, const char *id, KlAccount *reader)
{
  kl_store_run (self->store,
      "INSERT OR IGNORE INTO readers (object, address) VALUES (?, ?)", "ss", id,
      reader->address);
}

/* The absolute address of what is kept, as the requester sees this platform.
 * what: payload, thumbnail */
static char *
object_link (
    KlRequest *request, KlAccount *reader, const char *id, const char *what)
{
  GUri *uri = soup_server_message_get_uri (request->message);
  g_autofree char *path = g_strdup_printf (
      "/cpaas/nms/v1/chat/%s/objects/%s/%s", reader->id, id, what);

  return g_uri_join (SOUP_HTTP_URI_FLAGS, g_uri_get_scheme (uri), NULL,
      g_uri_get_host (uri), g_uri_get_port (uri), path, NULL, NULL);
}

JsonObject *
kl_attachment_to_json (KlRequest *request, KlAccount *reader, const char *id)
{
  g_autoptr (KlRows) rows = kl_store_select (request->self->store,
      "SELECT name, type, size FROM objects WHERE id = ?", "s", id);
  g_autofree char *link = NULL;
  const char *type;
  JsonObject *object;

  if (!kl_rows_next (rows))
    return NULL;
  object = json_object_new ();
  type = kl_rows_get_text (rows, 1);
  link = object_link (request, reader, id, "payload");
  json_object_set_string_member (object, "name", kl_rows_get_text (rows, 0));
  json_object_set_int_member (object, "size", kl_rows_get_int (rows, 2));
  json_object_set_string_member (object, "contentType", type);
  json_object_set_string_member (object, "x-id", id);
  json_object_set_string_member (object, "link", link);
  if (g_str_has_prefix (type, "image/")) {
    g_autofree char *thumbnail_link =
        object_link (request, reader, id, "thumbnail");
    JsonObject *thumbnail = json_object_new ();

    json_object_set_string_member (thumbnail, "contentType", type);
    json_object_set_string_member (thumbnail, "link", thumbnail_link);
    json_object_set_object_member (object, "thumbnail", thumbnail);
  }
  return object;
}

static void
upload_stop (Upload *upload)
{
  if (upload->fd >= 0)
    g_close (upload->fd, NULL);
  upload->fd = -1;
}

static void
upload_free (gpointer data)
{
  Upload *upload = data;

  upload_stop (upload);
  if (upload->path)
    g_unlink (upload->path);
  g_free (upload->path);
  g_free (upload);
}

static void
upload_write (Upload *upload, const char *data, gsize length)
{
  gsize done = 0;

  if (upload->fd < 0)
    return;
  while (done < length) {
    gssize n = write (upload->fd, data + done, length - done);

    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0) {
      upload->failed = TRUE;
      upload_stop (upload);
      return;
    }
    done += n;
  }
}

static void
on_chunk (SoupServerMessage *message, GBytes *chunk, gpointer data)
{
  Upload *upload = data;
  gsize length = g_bytes_get_size (chunk);

  upload->length += length;
  if (upload->length > upload->limit)
    upload_stop (upload);
  upload_write (upload, g_bytes_get_data (chunk, NULL), length);
}

/* Whether it has taken the body, which may be as long as it likes */
gboolean
kl_attachments_take_body (KandyLoopback *self, SoupServerMessage *message)
{
  const char *path = g_uri_get_path (soup_server_message_get_uri (message));
  g_autofree char *id = NULL;
  const char *directory;
  Upload *upload;

  if (!g_str_equal (soup_server_message_get_method (message), "POST")
      || !g_str_has_prefix (path, "/cpaas/nms/v1/chat/")
      || !g_str_has_suffix (path, "/objects"))
    return FALSE;

  upload = g_new0 (Upload, 1);
  upload->fd = -1;
  upload->limit = self->policies.attachment_max + FRAMING;
  g_object_set_data_full (G_OBJECT (message), UPLOAD, upload, upload_free);
  directory = kl_store_get_directory (self->store, NULL);
  if (directory) {
    id = g_uuid_string_random ();
    upload->path = g_strdup_printf ("%s/%s.part", directory, id);
    upload->fd =
        g_open (upload->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  }
  upload->failed = upload->fd < 0;
  soup_message_body_set_accumulate (
      soup_server_message_get_request_body (message), FALSE);
  g_signal_connect (message, "got-chunk", G_CALLBACK (on_chunk), upload);
  return TRUE;
}

/* The last part of a path, in any system's spelling, without what could harm a
 * terminal or a file system. (transfer full) */
static char *
clean_name (const char *name)
{
  g_autofree char *valid = g_utf8_make_valid (name ? name : "", -1);
  g_autoptr (GString) clean = g_string_new (NULL);
  const char *p = valid;
  const char *slash;

  if ((slash = strrchr (p, '/')))
    p = slash + 1;
  if ((slash = strrchr (p, '\\')))
    p = slash + 1;
  for (; *p; p = g_utf8_next_char (p)) {
    gunichar c = g_utf8_get_char (p);

    if (clean->len + 4 > MAX_NAME)
      break;
    /* Of what is not printed, the marks of direction among it */
    if (g_unichar_isprint (c) && g_unichar_type (c) != G_UNICODE_FORMAT)
      g_string_append_unichar (clean, c);
  }
  if (strspn (clean->str, ". ") == clean->len)
    return g_strdup ("file");
  return g_strdup (clean->str);
}

/* type/subtype, without parameters */
static char *
clean_type (const char *type)
{
  static const char allowed[] = "!#$&-^_.+/";
  gsize length = type ? strcspn (type, "; \t") : 0;
  gsize i;

  for (i = 0; i < length; i++) {
    if (!g_ascii_isalnum (type[i]) && !strchr (allowed, type[i]))
      length = 0;
  }
  if (length == 0 || length > MAX_TYPE || !memchr (type, '/', length))
    return g_strdup ("application/octet-stream");
  return g_ascii_strdown (type, length);
}

typedef struct {
  char *name;
  char *type;
  GBytes *bytes;
} Raw;

static void
raw_clear (Raw *raw)
{
  g_free (raw->name);
  g_free (raw->type);
  g_clear_pointer (&raw->bytes, g_bytes_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Raw, raw_clear)

static gboolean
parse (KlRequest *request, Upload *upload, Raw *raw)
{
  g_autoptr (GMappedFile) file = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (SoupMultipart) multipart = NULL;
  SoupMessageHeaders *headers;
  GBytes *body;
  int i;

  /* The parser looks for an empty line beyond the last boundary, too */
  upload_write (upload, "\r\n\r\n", 5);
  upload_stop (upload);
  file = g_mapped_file_new (upload->path, FALSE, NULL);
  if (!file)
    return FALSE;
  bytes = g_mapped_file_get_bytes (file);
  multipart = soup_multipart_new_from_message (
      soup_server_message_get_request_headers (request->message), bytes);
  for (i = 0; multipart && i < soup_multipart_get_length (multipart); i++) {
    g_autofree char *disposition = NULL;
    g_autoptr (GHashTable) params = NULL;

    if (!soup_multipart_get_part (multipart, i, &headers, &body)
        || !soup_message_headers_get_content_disposition (
            headers, &disposition, &params)
        || g_strcmp0 (g_hash_table_lookup (params, "name"), "raw") != 0)
      continue;
    raw->name = clean_name (g_hash_table_lookup (params, "filename"));
    raw->type =
        clean_type (soup_message_headers_get_one (headers, "Content-Type"));
    raw->bytes = g_bytes_ref (body);
    return TRUE;
  }
  return FALSE;
}

static void
add_attribute (JsonArray *array, const char *name, const char *value)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "name", name);
  json_object_set_string_member (object, "value", value);
  json_array_add_object_element (array, object);
}

static JsonObject *
object_to_reply (KlRequest *request, const Raw *raw, const char *id)
{
  g_autofree char *url = g_strconcat (request->path, "/", id, NULL);
  g_autofree char *link =
      object_link (request, request->account, id, "payload");
  g_autofree char *size =
      g_strdup_printf ("%" G_GSIZE_FORMAT, g_bytes_get_size (raw->bytes));
  JsonObject *object = json_object_new ();
  JsonObject *flags = json_object_new ();
  JsonObject *attributes = json_object_new ();
  JsonArray *array = json_array_new ();

  add_attribute (array, "name", raw->name);
  add_attribute (array, "size", size);
  add_attribute (array, "contentType", raw->type);
  add_attribute (array, "x-id", id);
  add_attribute (array, "link", link);
  json_object_set_array_member (attributes, "attribute", array);
  json_object_set_object_member (object, "attributes", attributes);
  json_object_set_array_member (flags, "flag", json_array_new ());
  json_object_set_object_member (object, "flags", flags);
  json_object_set_string_member (object, "resourceURL", url);
  return kl_json_wrap ("object", object);
}

static void
handle_upload (KlRequest *request)
{
  KandyLoopback *self = request->self;
  Upload *upload = g_object_get_data (G_OBJECT (request->message), UPLOAD);
  g_auto (Raw) raw = { 0 };
  g_autofree char *id = g_uuid_string_random ();
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;
  gint64 kept = kl_store_get_int (self->store, 0,
      "SELECT sum(size) FROM objects WHERE owner = ?", "s",
      request->account->address);

  if (!upload || upload->failed) {
    kl_request_reply_error (request, 500, "SVC0001",
        "A service error occurred: %1", "the attachment cannot be kept");
    return;
  }
  if (upload->length > upload->limit || !parse (request, upload, &raw)
      || g_bytes_get_size (raw.bytes) > (gsize) self->policies.attachment_max) {
    if (upload->length > (gsize) self->policies.attachment_max)
      kl_request_reply_error (request, 413, "POL1003",
          "Attachment is larger than %1", "the platform allows");
    else
      kl_request_reply_bad_value (request, "raw");
    return;
  }
  if (kept + (gint64) g_bytes_get_size (raw.bytes) > MAX_BYTES_PER_ACCOUNT) {
    kl_request_reply_error (
        request, 403, "POL1004", "User has too many %1", "attachments");
    return;
  }
  path =
      g_build_filename (kl_store_get_directory (self->store, NULL), id, NULL);
  if (!g_file_set_contents (path, g_bytes_get_data (raw.bytes, NULL),
          g_bytes_get_size (raw.bytes), &error)) {
    kl_request_reply_error (request, 500, "SVC0001",
        "A service error occurred: %1", error->message);
    return;
  }
  kl_store_run (self->store,
      "INSERT INTO objects (id, owner, name, type, size)"
      " VALUES (?, ?, ?, ?, ?)",
      "ssssi", id, request->account->address, raw.name, raw.type,
      (gint64) g_bytes_get_size (raw.bytes));
  kl_attachment_share (self, id, request->account);
  kl_request_reply (request, 201, object_to_reply (request, &raw, id));
}

static void
handle_download (KlRequest *request, const char *id)
{
  KandyLoopback *self = request->self;
  const char *directory = kl_store_get_directory (self->store, NULL);
  g_autofree char *path = NULL;
  g_autofree char *type = NULL;
  g_autoptr (GMappedFile) file = NULL;
  g_autoptr (GBytes) bytes = NULL;

  /* Ids are the platform's own words: one that is known is no path */
  if (directory && kl_attachment_is_readable (self, id, request->account)) {
    path = g_build_filename (directory, id, NULL);
    file = g_mapped_file_new (path, FALSE, NULL);
  }
  if (!file) {
    kl_request_reply_not_found (request, "objectId");
    return;
  }
  type = kl_store_get_text (
      self->store, "SELECT type FROM objects WHERE id = ?", "s", id);
  bytes = g_mapped_file_get_bytes (file);
  kl_request_reply_file (request, type, bytes);
}

/* rest: what follows the user in a path of the service nms */
void
kl_attachments_handle (KlRequest *request, char **rest)
{
  if (!g_str_equal (rest[0], "objects")) {
    kl_request_reply_not_found (request, "path");
  } else if (!rest[1]) {
    if (kl_request_is (request, "POST"))
      handle_upload (request);
    else
      kl_request_reply_bad_method (request, "POST");
  } else if (rest[2] && !rest[3]
      && (g_str_equal (rest[2], "payload")
          || g_str_equal (rest[2], "thumbnail"))) {
    if (kl_request_is (request, "GET"))
      handle_download (request, rest[1]);
    else
      kl_request_reply_bad_method (request, "GET");
  } else {
    kl_request_reply_not_found (request, "path");
  }
}
