/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy.h"
#include "kandy-loopback.h"

G_BEGIN_DECLS

#define ALICE "alice@loopback.example"
#define BOB "bob@loopback.example"

/* A client beside a platform, and what both did */
typedef struct {
  KandyLoopback *loopback; /* NULL for a fixture without one */
  KandyConfig *config;
  KandyClient *client;
  GString *events;      /* in order, separated by spaces, abbreviated */
  GString *log;         /* the client's, a line an entry */
  GArray *attempts;     /* gint64, monotonic: starts of attempts to connect */
  GArray *socket_times; /* gint64, monotonic: of ws:change */
  guint n_notifications;
} Session;

/* @config: (nullable): JSON, on top of what the loopback platform needs */
Session *session_new (const char *config);
/* Against 127.0.0.1:@port instead of a loopback platform */
Session *session_new_for_port (guint port, const char *config);
/* Ends the client, lets everything settle and checks that the client is gone
 * and that no secret was logged */
void session_free (Session *self);

void session_sign_on (Session *self);
gboolean session_try_sign_on (Session *self, const char *client_id,
    const char *user, const char *password, GError **error);
/* (transfer full) (nullable): a member of getUserInfo() */
char *session_get_user_info (Session *self, const char *member);
/* Waits for the end. @services: separated by commas */
gboolean session_subscribe (Session *self, const char *services,
    GError **error);
gboolean session_unsubscribe (Session *self, const char *services,
    GError **error);
/* "call,chat" */
char *session_get_subscribed (Session *self);
gboolean session_is_pending (Session *self);
void session_fault (Session *self, const char *json);
void session_clear_events (Session *self);
/* Names of the events so far: "subscription:change ws:change- ws:change+" */
#define session_assert_events(self, expected) \
  g_assert_cmpstr ((self)->events->str, ==, expected)

/* id token and access token that look right */
char *make_id_token (const char *username, const char *identity);

/* For *_async without a context of its own */
void store_result (GObject *source, GAsyncResult *result, gpointer user_data);
GAsyncResult *wait_result (GAsyncResult **result);

/* Runs the main context until @condition, which must come within 10 s */
#define WAIT(condition) WAIT_MS (condition, 10000)
#define WAIT_MS(condition, ms) \
  G_STMT_START { \
    gint64 deadline_ = g_get_monotonic_time () + (ms) * (gint64) 1000; \
    guint tick_ = g_timeout_add (5, (GSourceFunc) g_true_, NULL); \
    while (!(condition) && g_get_monotonic_time () < deadline_) \
      g_main_context_iteration (NULL, TRUE); \
    g_source_remove (tick_); \
    if (!(condition)) \
      g_error ("%s:%d: waited for " #condition, __FILE__, __LINE__); \
  } G_STMT_END
/* Runs the main context for as long: to see that nothing happens */
#define SETTLE_MS(ms) \
  G_STMT_START { \
    gint64 deadline_ = g_get_monotonic_time () + (ms) * (gint64) 1000; \
    guint tick_ = g_timeout_add (5, (GSourceFunc) g_true_, NULL); \
    while (g_get_monotonic_time () < deadline_) \
      g_main_context_iteration (NULL, TRUE); \
    g_source_remove (tick_); \
  } G_STMT_END

gboolean g_true_ (gpointer unused);

G_END_DECLS
