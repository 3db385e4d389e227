/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the parts of the loopback platform share. Everything here runs in the
 * server's thread, or in the caller's while the server does not run. */

#include <string.h>

#include <gio/gio.h>
#include <json-glib/json-glib.h>
#include <libsoup/soup.h>

#include "kandy-loopback.h"
#include "kl-certificate.h"
#include "kl-store.h"

G_BEGIN_DECLS

/* Limits on what a peer may make the server keep */
#define KL_MAX_BODY (1024 * 1024)
#define KL_MAX_FRAME (256 * 1024)
#define KL_MAX_JSON_DEPTH 32
#define KL_MAX_PATH 4096
#define KL_MAX_CONNECTIONS 8192
#define KL_MAX_CHANNELS_PER_ACCOUNT 64
#define KL_MAX_SUBSCRIPTIONS_PER_CHANNEL 64
#define KL_MAX_CALLS 4096
#define KL_MAX_QUEUE_BYTES (8 * 1024 * 1024)
#define KL_MAX_UNANSWERED_FRAMES 8192
#define KL_MAX_LOG_ENTRIES 10000
#define KL_MAX_LOG_BYTES (32 * 1024 * 1024)
#define KL_MAX_LOG_TEXT 200 /* characters of a body that is no JSON */
#define KL_MAX_COUNTED_PATHS 20000
#define KL_MAX_FAULTS 1000

/* Object data with the GSocket of a connection: at its remote address, the
 * one thing that SoupServer hands through as it is, and at its websocket */
#define KL_TRANSPORT "kl-transport"

/* Close codes of the private range (RFC 6455 section 7.4.2) */
#define KL_CLOSE_REPLACED 4001
#define KL_CLOSE_EXPIRED 4002
#define KL_CLOSE_SILENT 4003
#define KL_CLOSE_OVERFLOW 4004

typedef struct _KlAccount KlAccount;
typedef struct _KlChannel KlChannel;
typedef struct _KlClient KlClient;
typedef struct _KlFault KlFault;
typedef struct _KlListener KlListener;
typedef struct _KlLog KlLog;
typedef struct _KlRequest KlRequest;

typedef struct
{
  gint64 mute_acks;
  gint64 mute_pings;
  gint64 ping_interval;
  gint64 max_missed_pings;
  gint64 token_lifetime;
  gint64 refresh_lifetime;
  gint64 channel_lifetime;
  gint64 channel_lifetime_max;
  gint64 queue_length;
  gint64 queue_while_away;
  gint64 busy;
  gint64 ringing;
  gint64 slow_start;
  gint64 audit_gone;
  gint64 no_answer;
  gint64 offer_timeout;
  gint64 relay_delay;
  gint64 reaper;
  gint64 turn;
  gint64 turn_lifetime;
  gint64 presence_lifetime;
  gint64 on_the_phone;
  gint64 attachment_max;
  gint64 sms_receipts;
  char *turn_username;
  char *turn_password;
  char *turn_secret;
} KlPolicies;

struct _KandyLoopback
{
  GObject parent;

  /* Guards the members down to `running`; never held while work is done */
  GMutex lock;
  GCond changed;
  GMainContext *context;
  GMainLoop *loop;
  GThread *thread;
  guint port;
  gboolean tls;
  char *address;
  gboolean running; /* and with a thread not running: it is about to stop */

  /* Held for work that is done while there is no thread */
  GRecMutex idle;

  gboolean verbose;
  GTlsCertificate *certificate;
  KlListener *listener;

  guint8 key[32];
  GPtrArray *accounts;   /* of KlAccount */
  GPtrArray *clients;    /* of KlClient */
  GHashTable *channels;  /* id: KlChannel */
  GHashTable *legs;      /* session id: KlLeg, borrowed from its call */
  GHashTable *calls;     /* set of KlCall */
  GPtrArray *faults;     /* of KlFault */
  GHashTable *timers;    /* set of GSource: all that have yet to fire */
  GHashTable *sockets;   /* set of SoupWebsocketConnection, closing ones too */
  KlPolicies policies;
  KlPolicies configured; /* what clearing the faults goes back to */
  KlLog *log;
  KlStore *store;
};

struct _KlAccount
{
  char *id;      /* the user in paths: opaque */
  char *address; /* NAME@DOMAIN, lower case */
  char *password;
  char *name;
  char *phone;
  gboolean on_the_phone; /* what others see of the account */
  gint64 access_generation;
  gint64 refresh_generation;
};

typedef struct
{
  char *id;
  char *service;      /* as the API document names it: call, chat, ... */
  char *collection;   /* the resource's path without the id */
  JsonObject *object; /* as given to the client */
  GSource *expiry;    /* NULL: it lives as long as its channel */
} KlSubscription;

struct _KlChannel
{
  grefcount refs;
  KandyLoopback *self;
  KlAccount *account;
  char *id;
  char *correlator;
  gint64 lifetime;
  gboolean server_pings;
  gboolean gone;
  GPtrArray *subscriptions; /* of KlSubscription */
  SoupWebsocketConnection *socket;
  GQueue queue;       /* of char: frames that wait for a socket */
  gsize queue_bytes;
  char *held; /* a frame that the next one overtakes */
  GSource *expiry;
  GSource *ping;
  guint missed_pings;
  guint unanswered; /* frames sent since the peer was last heard of */
};

/* A JSON body. Getters give NULL for absent members and for wrong types. */
JsonObject *kl_json_parse (const char *text, gssize length, GError **error);
char *kl_json_to_string (JsonObject *object);
JsonNode *kl_json_redact (JsonNode *node);
const char *kl_json_get_string (JsonObject *object, const char *name);
JsonObject *kl_json_get_object (JsonObject *object, const char *name);
gboolean kl_json_get_int (JsonObject *object, const char *name,
    gint64 *value);
JsonObject *kl_json_wrap (const char *name, JsonObject *object);
void kl_json_copy_member (JsonObject *to, JsonObject *from,
    const char *name);

/* The log of exchanges, and the counts */
KlLog *kl_log_new (void);
void kl_log_free (KlLog *log);
gint64 kl_log_add (KlLog *log, JsonObject *entry);
void kl_log_count (KlLog *log, const char *method, const char *path);
guint kl_log_get_count (KlLog *log, const char *method, const char *path);
void kl_log_reset (KlLog *log);
char *kl_log_to_string (KlLog *log);
void kl_log_print (KandyLoopback *self, const char *format, ...)
    G_GNUC_PRINTF (2, 3);
char *kl_log_shorten (const char *secret);
void kl_log_frame (KlChannel *channel, gboolean from_client,
    const char *frame);
void kl_log_socket (KlChannel *channel, const char *kind, guint code);

/* Accounts and tokens */
KlAccount *kl_accounts_add (KandyLoopback *self, const char *address,
    const char *password, GError **error);
KlAccount *kl_accounts_find (KandyLoopback *self, const char *user);
KlAccount *kl_accounts_resolve (KandyLoopback *self, const char *address);
KlAccount *kl_accounts_check_token (KandyLoopback *self, const char *token,
    const char **reason);
void kl_accounts_expire_tokens (KandyLoopback *self, KlAccount *account,
    gboolean refresh_too);
void kl_account_free (KlAccount *account);
KlClient *kl_clients_add (KandyLoopback *self, const char *id,
    const char *secret, const char *address, GError **error);
void kl_client_free (KlClient *client);
void kl_accounts_handle_token (KlRequest *request);
KlAccount *kl_accounts_peek_token_user (KlRequest *request);

/* Requests */
struct _KlRequest
{
  grefcount refs;
  KandyLoopback *self;
  SoupServerMessage *message;
  const char *method;
  char *path; /* decoded */
  char **segments;
  GHashTable *query;
  KlAccount *account;   /* whose token it is */
  const char *refusal;  /* why the token is none */
  JsonObject *body;     /* NULL: none */
  GString *text;        /* the body as it came */
  GQueue outbox;        /* of KlOutgoing */
  KlFault *fault;
  gint64 started;
  gint64 log_number;
  gboolean replied;
};

void kl_http_setup (KandyLoopback *self, SoupServer *server);
KlRequest *kl_request_ref (KlRequest *request);
void kl_request_unref (KlRequest *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KlRequest, kl_request_unref)
gboolean kl_request_is (KlRequest *request, const char *method);
void kl_request_reply (KlRequest *request, guint status, JsonObject *body);
void kl_request_reply_text (KlRequest *request, guint status,
    const char *content_type, const char *text);
void kl_request_reply_file (KlRequest *request, const char *content_type,
    GBytes *bytes);
void kl_request_reply_error (KlRequest *request, guint status,
    const char *message_id, const char *text, const char *variable);
void kl_request_reply_not_found (KlRequest *request, const char *what);
void kl_request_reply_bad_value (KlRequest *request, const char *what);
void kl_request_reply_bad_method (KlRequest *request, const char *allow);
/* Queues a notification that goes out once the reply has been written */
void kl_request_notify (KlRequest *request, KlAccount *account,
    const char *service, const char *channel, const char *type,
    JsonObject *object);

/* Channels, their websockets and subscriptions */
void kl_channels_handle (KlRequest *request, char **rest);
void kl_channels_handle_upgrade (KlRequest *request, const char *id);
KlChannel *kl_channels_find (KandyLoopback *self, const char *id);
gboolean kl_channel_has_service (KlChannel *channel, const char *service);
GPtrArray *kl_channels_of (KandyLoopback *self, KlAccount *account,
    const char *service);
void kl_channel_notify (KlChannel *channel, const char *type,
    JsonObject *object);
void kl_channel_send (KlChannel *channel, const char *frame);
void kl_channel_close_socket (KlChannel *channel, guint code,
    const char *reason);
void kl_channel_remove (KlChannel *channel, guint code, const char *reason);
KlChannel *kl_channel_ref (KlChannel *channel);
void kl_channel_unref (KlChannel *channel);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KlChannel, kl_channel_unref)
void kl_notify (KandyLoopback *self, KlAccount *account, const char *service,
    const char *channel, const char *type, JsonObject *object, guint delay);
void kl_channels_stop (KandyLoopback *self);

void kl_subscriptions_handle (KlRequest *request, const char *service,
    char **rest);
guint kl_subscriptions_cancel (KlChannel *channel, const char *service);
void kl_subscription_free (KlSubscription *subscription);

/* Calls */
void kl_sessions_handle (KlRequest *request, char **rest);
guint kl_sessions_end (KandyLoopback *self, KlAccount *account,
    guint status_code, const char *reason);
guint kl_sessions_count (KandyLoopback *self, KlAccount *account);
gboolean kl_sessions_is_in_call (KandyLoopback *self, KlAccount *account);
void kl_sessions_reschedule (KandyLoopback *self);
void kl_turn_handle (KlRequest *request);

/* Messages and attachments */
gboolean kl_messages_add_tables (KlStore *store, GError **error);
gboolean kl_messages_owns (char **rest);
void kl_messages_handle (KlRequest *request, char **rest);
void kl_sms_handle (KlRequest *request, char **rest);
gboolean kl_attachments_add_tables (KlStore *store, GError **error);
gboolean kl_attachments_take_body (KandyLoopback *self,
    SoupServerMessage *message);
void kl_attachments_handle (KlRequest *request, char **rest);

/* Groups: what has "group" after the user in its path, but for messages. To
 * have messages relayed, it is enough to be Connected in the table
 * of participants. */
gboolean kl_groups_add_tables (KlStore *store, GError **error);
gboolean kl_groups_add (KandyLoopback *self, const char *id,
    const char *const *members, GError **error);
void kl_groups_handle (KlRequest *request, char **rest);
GPtrArray *kl_groups_get_connected (KandyLoopback *self, const char *group);

/* Presence */
gboolean kl_presence_add_tables (KlStore *store, GError **error);
void kl_presence_handle (KlRequest *request, char **rest);
/* (transfer full) (nullable) */
char *kl_presence_dup_list (KandyLoopback *self, KlAccount *account);
void kl_presence_subscribed (KlRequest *request, KlChannel *channel);
void kl_presence_call_changed (KandyLoopback *self, KlAccount *account);

/* Address books and the directory */
gboolean kl_contacts_add_tables (KlStore *store, GError **error);
void kl_contacts_handle (KlRequest *request, char **rest);
void kl_directory_handle (KlRequest *request, char **rest);

/* Faults and policies */
typedef enum
{
  KL_FAULT_REQUEST,
  KL_FAULT_NOTIFICATION,
  KL_FAULT_UPGRADE,
} KlFaultKind;

struct _KlFault
{
  grefcount refs;
  KlFaultKind kind;
  char *method;
  char *path;
  char *user;
  char *type;
  char *event;
  guint64 skip;
  guint64 count;
  guint delay;
  guint status; /* 0: the proper one */
  char *body;
  char *content_type;
  JsonObject *headers;
  gboolean drop;
  gboolean hang;
  gboolean after;
  guint duplicate;
  gboolean reorder;
  char *sdp;
  char **remove;
  JsonObject *set;
  char *frame;
};

void kl_policies_init (KlPolicies *policies);
void kl_policies_copy (KlPolicies *to, const KlPolicies *from);
void kl_policies_clear (KlPolicies *policies);
gboolean kl_policies_set (KlPolicies *policies, JsonObject *values,
    GError **error);
JsonObject *kl_policies_to_json (const KlPolicies *policies);
gboolean kl_faults_set (KandyLoopback *self, JsonNode *node, GError **error);
void kl_faults_clear (KandyLoopback *self);
KlFault *kl_faults_match (KandyLoopback *self, KlFaultKind kind,
    const char *method_or_type, const char *path_or_event,
    KlAccount *account);
KlFault *kl_fault_ref (KlFault *fault);
void kl_fault_unref (KlFault *fault);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KlFault, kl_fault_unref)

/* The control routes, the page at /, the configuration file */
void kl_control_handle (KlRequest *request, char **rest);
void kl_control_handle_page (KlRequest *request);
gboolean kl_config_load (KandyLoopback *self, const char *path,
    GError **error);

/* The socket that everybody connects to */
KlListener *kl_listener_new (KandyLoopback *self, const char *address,
    guint port, GError **error);
guint kl_listener_get_port (KlListener *listener);
void kl_listener_start (KlListener *listener);
void kl_listener_free (KlListener *listener);

/* Arguments and result of a public function, handed over with kl_run() */
typedef struct {
  const char *text[3];
  guint number;
  gpointer result;
  gboolean ok;
  guint count;
  GError **error;
} KlArgs;

/* The server's thread */
void kl_run (KandyLoopback *self,
    void (*work) (KandyLoopback *self, gpointer data), gpointer data);
gpointer kl_serve (gpointer data);
void kl_stop_timers (KandyLoopback *self);
/* A one-shot timer of the server's thread. Returns a borrowed source. */
GSource *kl_timeout (KandyLoopback *self, guint milliseconds,
    GSourceFunc callback, gpointer data, GDestroyNotify notify);
void kl_clear_source (GSource **source);

G_END_DECLS
