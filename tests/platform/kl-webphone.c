/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "kl-webphone.h"

#include "kl-webphone-resources.h"

/*
 * The web phone: a page that a browser gets at `/`, and its few files beside
 * it. They are in the executable, so that there is nothing to install.
 */

#define PREFIX "/org/kandy/loopback/webphone/"

/* The page needs nothing from elsewhere and may not be framed. ws: and wss: are
 * named since not every browser takes 'self' for them. */
#define POLICY                                                                 \
  "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; "    \
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

static const char *
content_type (const char *name)
{
  if (g_str_has_suffix (name, ".js"))
    return "text/javascript; charset=utf-8";
  if (g_str_has_suffix (name, ".css"))
    return "text/css; charset=utf-8";
  return "text/html; charset=utf-8";
}

/* Answers a request for one of the page's files. FALSE: it was for something
 * else. */
gboolean
kl_webphone_handle (KlRequest *request)
{
  const char *name = request->segments[0] ? request->segments[0] : "index.html";
  SoupMessageHeaders *headers;
  g_autofree char *path = NULL;
  g_autofree char *text = NULL;
  g_autoptr (GBytes) bytes = NULL;

  if (request->segments[0] && request->segments[1])
    return FALSE;
  path = g_strconcat (PREFIX, name, NULL);
  bytes = g_resource_lookup_data (
      kl_webphone_get_resource (), path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
  if (!bytes)
    return FALSE;
  if (!kl_request_is (request, "GET") && !kl_request_is (request, "HEAD")) {
    kl_request_reply_bad_method (request, "GET, HEAD");
    return TRUE;
  }

  headers = soup_server_message_get_response_headers (request->message);
  soup_message_headers_replace (headers, "Content-Security-Policy", POLICY);
  soup_message_headers_replace (headers, "Referrer-Policy", "no-referrer");
  soup_message_headers_replace (headers, "X-Content-Type-Options", "nosniff");
  soup_message_headers_replace (headers, "Cache-Control", "no-cache");
  text = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  kl_request_reply_text (request, 200, content_type (name), text);
  return TRUE;
}
