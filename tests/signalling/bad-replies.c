/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bad-replies.h"

#include <string.h>

#define EXCEPTION                                                              \
  "{\"requestError\":{\"serviceException\":{\"messageId\":\"SVC0002\","        \
  "\"text\":\"No %1\",\"variables\":[\"x\"]}}}"

/* Every member that any reply has, as something else */
#define WRONG_TYPES                                                            \
  "{\\\"wrtcsSession\\\":[7],\\\"wrtcsTurnCredentials\\\":{"                   \
  "\\\"username\\\":{},\\\"password\\\":7},\\\"wrtcsSessionStatus\\\":"        \
  "\\\"x\\\",\\\"notificationChannel\\\":{\\\"callbackURL\\\":[]},"            \
  "\\\"subscription\\\":7,\\\"presenceListCollection\\\":[],"                  \
  "\\\"presenceList\\\":\\\"\\\",\\\"access_token\\\":7,"                      \
  "\\\"id_token\\\":[],\\\"chatMessage\\\":{\\\"resourceURL\\\":[]},"          \
  "\\\"chatMessageList\\\":7,\\\"chatSessionList\\\":\\\"\\\","                \
  "\\\"smsMessageList\\\":[],\\\"smsThreadList\\\":7,"                         \
  "\\\"outboundSMSMessageRequest\\\":{\\\"resourceURL\\\":{}},"                \
  "\\\"isComposing\\\":[],\\\"object\\\":{\\\"attributes\\\":7},"              \
  "\\\"groupChatSessionInformation\\\":{\\\"resourceURL\\\":7},"               \
  "\\\"groupChatSessionInformationList\\\":[],"                                \
  "\\\"participantInformation\\\":{\\\"address\\\":{}},"                       \
  "\\\"presenceSource\\\":{\\\"presence\\\":[]},\\\"presenceContact\\\":7,"    \
  "\\\"contact\\\":{\\\"contactId\\\":[]},\\\"contactCollection\\\":7,"        \
  "\\\"directoryItemList\\\":[]}"

const BadReply bad_replies[] = {
  { "exception", "\"status\":400,\"body\":" EXCEPTION, 400, "SVC0002" },
  { "unauthorized", "\"status\":401,\"body\":\"{}\"", 401, "401" },
  { "html-refusal",
      "\"status\":403,\"body\":\"<html>\",\"contentType\":\"text/html\"", 403,
      "403" },
  { "not-found", "\"status\":404,\"body\":\"\"", 404, "404" },
  { "broken", "\"status\":500,\"body\":\"oops\"", 500, "500" },
  { "unavailable",
      "\"status\":503,\"body\":\"{\\\"a\\\":\","
      "\"headers\":{\"Retry-After\":\"7\"}",
      503, "503" },
  { "no-reply", "\"drop\":true", 0, "FETCH" },
  { "empty", "\"body\":\"\"", 200 },
  { "html", "\"body\":\"<html>it works\",\"contentType\":\"text/html\"", 200 },
  { "half", "\"body\":\"{\\\"wrtcsSession\\\":{\\\"res\"", 200 },
  { "array", "\"body\":\"[{}]\"", 200 },
  { "null", "\"body\":\"null\"", 200 },
  { "nothing", "\"body\":\"{}\"", 200, NULL, TRUE },
  { "wrong-types", "\"body\":\"" WRONG_TYPES "\"", 200, NULL, TRUE },
};

const guint n_bad_replies = G_N_ELEMENTS (bad_replies);

void
bad_reply_set (KandyLoopback *platform, const BadRow *row,
    const BadReply *reply, const char *user)
{
  gboolean good = reply->status == 200
      && (row->needs == NOTHING || (row->needs == OBJECT && reply->object));
  g_autofree char *json = g_strdup_printf (
      "{\"on\":\"request\",\"method\":\"%s\",\"path\":\"%s\",%s%s%s%s%s}",
      row->method, row->path, user ? "\"user\":\"" : "", user ? user : "",
      user ? "\"," : "", reply->fault,
      reply->status == 200 && !good ? ",\"status\":200" : "");
  g_autoptr (GError) error = NULL;

  kandy_loopback_set_fault (platform, json, &error);
  g_assert_no_error (error);
}

void
bad_reply_clear (KandyLoopback *platform)
{
  kandy_loopback_clear_faults (platform);
}

const char *
bad_reply_get_code (const BadRow *row, const BadReply *reply)
{
  if (row->needs == NOTHING && reply->status == 200)
    return NULL;
  if (row->needs == OBJECT && reply->object)
    return NULL;
  if (row->code)
    return row->code;
  if (reply->code)
    return reply->code;
  return reply->object || row->needs == BYTES ? row->missing : "REQUEST";
}

void
bad_reply_check_error (
    const GError *error, const BadReply *reply, const char *code)
{
  if (!code) {
    g_assert_no_error (error);
    return;
  }
  g_assert_nonnull (error);
  g_assert_true (error->domain == KANDY_ERROR);
  g_assert_cmpstr (kandy_error_get_platform_code (error), ==, code);
  if (reply->code)
    g_assert_cmpuint (kandy_error_get_http_status (error), ==, reply->status);
  if (reply->status == 503)
    g_assert_cmpuint (kandy_error_get_retry_after (error), ==, 7000);
}
