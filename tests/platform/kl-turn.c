/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kl-private.h"

/* TURN credentials (protocol calls 1.5): either one pair for everybody, or
 * pairs that a TURN server with the same secret can check by itself: the user
 * name is TIME:NAME, the password the HMAC-SHA1 of it, as coturn's
 * use-auth-secret has it. */

static char *
make_password (const char *secret, const char *username)
{
  g_autoptr (GHmac) hmac =
      g_hmac_new (G_CHECKSUM_SHA1, (const guchar *) secret, strlen (secret));
  guint8 digest[20];
  gsize size = sizeof digest;

  g_hmac_update (hmac, (const guchar *) username, -1);
  g_hmac_get_digest (hmac, digest, &size);
  return g_base64_encode (digest, size);
}

void
kl_turn_handle (KlRequest *request)
{
  const KlPolicies *policies = &request->self->policies;
  JsonObject *asked =
      kl_json_get_object (request->body, "wrtcsTurnCredentials");
  g_autofree char *username = NULL;
  g_autofree char *password = NULL;
  JsonObject *reply;

  if (!kl_request_is (request, "POST")) {
    kl_request_reply_bad_method (request, "POST");
    return;
  }
  if (!asked) {
    kl_request_reply_bad_value (request, "wrtcsTurnCredentials");
    return;
  }
  if (!policies->turn) {
    kl_request_reply_error (request, 500, "SVC0001",
        "A service error occurred: %1", "no TURN credentials");
    return;
  }

  if (policies->turn_username) {
    username = g_strdup (policies->turn_username);
    password =
        g_strdup (policies->turn_password ? policies->turn_password : "");
  } else {
    g_autofree char *name = g_strndup (
        request->account->address, strcspn (request->account->address, "@"));
    g_autofree char *key = NULL;

    /* Without a TURN server any secret will do */
    if (!policies->turn_secret)
      key = g_base64_encode (request->self->key, sizeof request->self->key);
    username = g_strdup_printf ("%" G_GINT64_FORMAT ":%s",
        g_get_real_time () / G_USEC_PER_SEC + policies->turn_lifetime, name);
    password = make_password (key ? key : policies->turn_secret, username);
  }

  reply = json_object_new ();
  kl_json_copy_member (reply, asked, "clientCorrelator");
  json_object_set_string_member (reply, "username", username);
  json_object_set_string_member (reply, "password", password);
  json_object_set_int_member (reply, "ttl", policies->turn_lifetime);
  kl_request_reply (request, 200, kl_json_wrap ("wrtcsTurnCredentials", reply));
}
