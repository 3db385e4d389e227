/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * KandyLoopback:
 *
 * A platform that runs on one machine: the REST services, the notification
 * channels and the calls that a client needs, in a thread of its own.
 *
 * Every function may be called from any thread. While the server runs, a call
 * is carried out by the server's thread between two requests and returns when
 * it is done; so a function never sees half a request.
 *
 * Where a function takes a `user`, it may be the address (`name@domain`) or
 * the opaque identifier that appears in paths; %NULL means every user.
 *
 * # What it does where the platform's ways are not known
 *
 * - Each device of a callee gets a session of its own, so that it is known
 *   which one has answered. Before the others answer too late (403) they get
 *   `Cancelled`, with `statusCode` 9904.
 * - A notification follows its reply; one to the requester itself comes at
 *   least 20 ms later, for a socket may be read before another.
 * - `SessionEnded` and `Cancelled` have `statusCode` and `reasonText`: 480 not
 *   available, 486 busy, 408 no answer, 603 declined, 487 cancelled by the
 *   caller, 9904 answered elsewhere, 9905 ended, 9908 forwarded, 9909 the far
 *   end is gone.
 * - A channel's lifetime starts anew with each frame from the client.
 * - Websockets are closed with 1000 when their channel is deleted, 4001 when
 *   another has taken their place, 4002 when the channel has expired, 4003
 *   when connChecks stay unanswered.
 *
 * # Control over HTTP
 *
 * For programs on the same machine, with `Content-Type: application/json`:
 *
 * | Request | Body | |
 * |---|---|---|
 * | `POST /loopback/faults` | faults, see below | 204 |
 * | `GET /loopback/faults` | | number of faults, policies |
 * | `DELETE /loopback/faults` | | kandy_loopback_clear_faults() |
 * | `GET /loopback/log` | | kandy_loopback_dup_log() |
 * | `GET /loopback/requests?method=&path=` | | `{"count":}` |
 * | `DELETE /loopback/requests` | | kandy_loopback_reset_counts() |
 * | `GET /loopback/state` | | accounts, what each has open |
 * | `POST /loopback/close-websockets` | `user`, `code` | `{"count":}` |
 * | `POST /loopback/send` | `user`, `frame` | `{"count":}` |
 * | `POST /loopback/expire-tokens` | `user` | `{"count":}` |
 * | `POST /loopback/expire-channels` | `user` | `{"count":}` |
 * | `POST /loopback/cancel-subscriptions` | `user`, `service` | `{"count":}` |
 * | `POST /loopback/end-sessions` | `user`, `statusCode`, `reasonText` | `{"count":}` |
 *
 * # Faults
 *
 * kandy_loopback_set_fault() and `POST /loopback/faults` take one fault, or an
 * array of them. A fault is an object of one of these forms. Members that are
 * absent match everything.
 *
 * ## A request is treated wrongly
 *
 * |[<!-- language="plain" -->
 * { "on": "request",
 *   "method": "POST", "path": "/sessions", "user": "alice@loopback.example",
 *   "skip": 0, "count": 1,
 *   "delay": 250,
 *   "status": 503, "body": "<html>", "contentType": "text/html",
 *   "headers": { "Retry-After": "2" } }
 * ]|
 *
 * `path` is a part of the decoded path; `skip` matching requests go unharmed
 * first, then `count` (default: all that follow) are hit. `delay`
 * (milliseconds) alone delays the proper reply. `status` replaces the reply;
 * nothing else happens. `body` alone replaces only the body: the request is
 * carried out. `"drop": true` closes the connection without a reply,
 * `"hang": true` never answers; with `"after": true` the request is
 * carried out all the same (the reply is lost, not the request).
 *
 * ## A notification is treated wrongly
 *
 * |[<!-- language="plain" -->
 * { "on": "notification",
 *   "type": "wrtcsEventNotification", "event": "Ringing",
 *   "user": "alice@loopback.example", "skip": 0, "count": 1,
 *   "drop": true | "duplicate": 2 | "delay": 250 | "reorder": true,
 *   "sdp": "v=0...", "remove": ["id", "link"], "set": { "id": 7 },
 *   "frame": "any text" }
 * ]|
 *
 * `duplicate` is the number of extra copies with the same id. `reorder` holds
 * the notification back until the next one to that channel has gone. `sdp`
 * replaces offer.sdp or answer.sdp, `remove` and `set` change members of the
 * notification's object, `frame` replaces the whole frame.
 *
 * ## A websocket is refused
 *
 * |[<!-- language="plain" -->
 * { "on": "upgrade", "user": "...", "skip": 0, "count": 2, "status": 503 }
 * ]|
 *
 * `delay`, `drop` and `hang` as for requests.
 *
 * ## The platform's policies are changed
 *
 * |[<!-- language="plain" -->
 * { "set": { "muteAcks": true } }
 * ]|
 *
 * | Policy | Type, default | Meaning |
 * |---|---|---|
 * | `muteAcks` | boolean, false | never answer a connCheck |
 * | `mutePings` | boolean, false | never send a connCheck in server role |
 * | `pingInterval` | ms, 30000 | interval of the connCheck in server role |
 * | `maxMissedPings` | number, 3 | unanswered connChecks until a close |
 * | `tokenLifetime` | s, 28800 | of access tokens minted from now on |
 * | `refreshLifetime` | s, 57600 | of refresh tokens minted from now on |
 * | `channelLifetime` | s, 3600 | of channels that name none |
 * | `channelLifetimeMax` | s, 86400 | longest lifetime granted |
 * | `queueLength` | number, 1000 | notifications kept while no socket is there |
 * | `queueWhileAway` | boolean, true | false drops them instead |
 * | `busy` | boolean, false | a callee in a call gets no second one (486) |
 * | `ringing` | boolean, true | relay the Ringing event |
 * | `slowStart` | boolean, false | strip the offer from invitations |
 * | `auditGone` | boolean, false | answer every session status with 404 |
 * | `noAnswer` | ms, 60000 | until an unanswered call ends (408), 0: never |
 * | `offerTimeout` | ms, 30000 | until an unanswered re-offer is forgotten |
 * | `relayDelay` | ms, 0 | between a reply and its notifications |
 * | `reaper` | ms, 75000 | without socket and audit until a leg ends, 0: never |
 * | `turn` | boolean, true | false refuses TURN credentials (500) |
 * | `turnUsername`, `turnPassword` | string | static TURN credentials |
 * | `turnSecret` | string | shared secret of coturn's use-auth-secret |
 * | `turnLifetime` | s, 86400 | of credentials made from the secret |
 * | `presenceLifetime` | s, 86400 | longest subscription to presence granted |
 * | `onThePhone` | boolean, true | watchers see who is in a call OnThePhone |
 * | `attachmentMax` | bytes, 10485760 | largest attachment |
 * | `smsReceipts` | boolean, true | tell when a short message has arrived |
 */
#define KANDY_TYPE_LOOPBACK (kandy_loopback_get_type ())
G_DECLARE_FINAL_TYPE (KandyLoopback, kandy_loopback, KANDY, LOOPBACK, GObject)

KandyLoopback *kandy_loopback_new (void);

/* Before kandy_loopback_start(), or at any time later */
gboolean kandy_loopback_add_account (KandyLoopback *self, const char *address,
    const char *password, GError **error);
gboolean kandy_loopback_add_client (KandyLoopback *self, const char *client_id,
    const char *client_secret, GError **error);
gboolean kandy_loopback_add_group (KandyLoopback *self, const char *id,
    const char *const *members, GError **error);
gboolean kandy_loopback_load_config (KandyLoopback *self, const char *path,
    GError **error);
/* Only while it does not run */
gboolean kandy_loopback_set_store (KandyLoopback *self, const char *path,
    GError **error);

void kandy_loopback_set_verbose (KandyLoopback *self, gboolean verbose);

gboolean kandy_loopback_use_self_signed (KandyLoopback *self, GError **error);
void kandy_loopback_set_certificate (KandyLoopback *self,
    GTlsCertificate *certificate);
char *kandy_loopback_get_certificate_pem (KandyLoopback *self);

gboolean kandy_loopback_start (KandyLoopback *self, const char *address,
    guint port, GError **error);
void kandy_loopback_stop (KandyLoopback *self);
guint kandy_loopback_get_port (KandyLoopback *self);
char *kandy_loopback_get_uri (KandyLoopback *self);
char *kandy_loopback_dup_user_id (KandyLoopback *self, const char *address);

gboolean kandy_loopback_set_fault (KandyLoopback *self, const char *json,
    GError **error);
void kandy_loopback_clear_faults (KandyLoopback *self);

guint kandy_loopback_count_requests (KandyLoopback *self, const char *method,
    const char *path);
void kandy_loopback_reset_counts (KandyLoopback *self);
char *kandy_loopback_dup_log (KandyLoopback *self);

guint kandy_loopback_count_accounts (KandyLoopback *self);
guint kandy_loopback_count_websockets (KandyLoopback *self, const char *user);
guint kandy_loopback_count_channels (KandyLoopback *self, const char *user);
guint kandy_loopback_count_subscriptions (KandyLoopback *self,
    const char *user);
guint kandy_loopback_count_sessions (KandyLoopback *self, const char *user);

guint kandy_loopback_close_websockets (KandyLoopback *self, const char *user,
    guint code);
guint kandy_loopback_send_raw (KandyLoopback *self, const char *user,
    const char *frame);
guint kandy_loopback_expire_tokens (KandyLoopback *self, const char *user);
guint kandy_loopback_expire_channels (KandyLoopback *self, const char *user);
guint kandy_loopback_cancel_subscriptions (KandyLoopback *self,
    const char *user, const char *service);
guint kandy_loopback_end_sessions (KandyLoopback *self, const char *user,
    guint status_code, const char *reason);

G_END_DECLS
