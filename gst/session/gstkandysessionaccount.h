/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandytypes.h"

G_BEGIN_DECLS

/**
 * GstKandyAccountField:
 * @GST_KANDY_ACCOUNT_SERVER: where the platform is
 * @GST_KANDY_ACCOUNT_USERNAME: who signs on
 * @GST_KANDY_ACCOUNT_PASSWORD: secret
 * @GST_KANDY_ACCOUNT_CLIENT_ID: the application's or the project's key
 * @GST_KANDY_ACCOUNT_CLIENT_SECRET: secret
 * @GST_KANDY_ACCOUNT_ACCESS_TOKEN: secret
 * @GST_KANDY_ACCOUNT_ID_TOKEN: secret
 * @GST_KANDY_ACCOUNT_CREDENTIALS_FILE: path of a file with any of the others
 * @GST_KANDY_ACCOUNT_CLIENT_CORRELATOR: name of this device
 * @GST_KANDY_ACCOUNT_CA_FILE: certificates to trust
 * @GST_KANDY_ACCOUNT_ICE_SERVERS: URLs of STUN and TURN servers, with spaces
 *   between them
 * @GST_KANDY_ACCOUNT_N_FIELDS: how many there are
 *
 * The text fields of an account.
 */
typedef enum {
  GST_KANDY_ACCOUNT_SERVER,
  GST_KANDY_ACCOUNT_USERNAME,
  GST_KANDY_ACCOUNT_PASSWORD,
  GST_KANDY_ACCOUNT_CLIENT_ID,
  GST_KANDY_ACCOUNT_CLIENT_SECRET,
  GST_KANDY_ACCOUNT_ACCESS_TOKEN,
  GST_KANDY_ACCOUNT_ID_TOKEN,
  GST_KANDY_ACCOUNT_CREDENTIALS_FILE,
  GST_KANDY_ACCOUNT_CLIENT_CORRELATOR,
  GST_KANDY_ACCOUNT_CA_FILE,
  GST_KANDY_ACCOUNT_ICE_SERVERS,
  GST_KANDY_ACCOUNT_N_FIELDS,
} GstKandyAccountField;

/* How an account proves who it is */
typedef enum {
  GST_KANDY_GRANT_TOKENS,
  GST_KANDY_GRANT_CLIENT,
  GST_KANDY_GRANT_PASSWORD,
} GstKandyGrant;

/* What an element knows about an account. Not thread-safe: the owner guards
 * it, others get a copy. No function returns a text with a secret in it but
 * gst_kandy_session_account_get(). */
typedef struct _GstKandySessionAccount GstKandySessionAccount;

GST_KANDY_API GstKandySessionAccount *gst_kandy_session_account_new (void);
GST_KANDY_API GstKandySessionAccount *gst_kandy_session_account_copy (
    const GstKandySessionAccount *self);
GST_KANDY_API void gst_kandy_session_account_free (GstKandySessionAccount *self);

GST_KANDY_API void gst_kandy_session_account_set (GstKandySessionAccount *self,
    GstKandyAccountField field, const char *value);
GST_KANDY_API const char *gst_kandy_session_account_get (
    const GstKandySessionAccount *self, GstKandyAccountField field);
GST_KANDY_API void gst_kandy_session_account_set_tls_verify (
    GstKandySessionAccount *self, gboolean verify);
GST_KANDY_API gboolean gst_kandy_session_account_get_tls_verify (
    const GstKandySessionAccount *self);

/* Whether it says anything about who signs on where */
GST_KANDY_API gboolean gst_kandy_session_account_is_set (
    const GstKandySessionAccount *self);
GST_KANDY_API gboolean gst_kandy_session_account_equal (
    const GstKandySessionAccount *a, const GstKandySessionAccount *b);
/* (transfer full): for messages, "alice on http://127.0.0.1:8080" */
GST_KANDY_API char *gst_kandy_session_account_describe (
    const GstKandySessionAccount *self);

/* Fills what is missing from the credentials file, from the environment and
 * from defaults, and checks that the result can be used to sign on */
GST_KANDY_API gboolean gst_kandy_session_account_complete (
    GstKandySessionAccount *self, GError **error);
GST_KANDY_API GstKandyGrant gst_kandy_session_account_get_grant (
    const GstKandySessionAccount *self);
/* Writes server, correlator, TLS settings and ICE servers of a complete
 * account */
GST_KANDY_API void gst_kandy_session_account_apply (
    const GstKandySessionAccount *self, KandyConfig *config);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstKandySessionAccount, gst_kandy_session_account_free)

G_END_DECLS
