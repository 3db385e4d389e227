/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "session-fixture.h"

G_BEGIN_DECLS

#define CAROL "carol@loopback.example"

/* Alice with a platform, signed on and subscribed to @services (nullable:
 * nothing), separated by commas */
Session *people_start (const char *services);
/* Another client beside the platform of @first: @address, who may be on another
 * device already */
Session *people_join (Session *first, const char *address,
    const char *services);

/* Waits until @self has seen exactly @expected, and forgets it */
#define people_expect(self, expected) \
  G_STMT_START { \
    gint64 deadline_ = g_get_monotonic_time () + 10 * G_USEC_PER_SEC; \
    guint tick_ = g_timeout_add (5, (GSourceFunc) g_true_, NULL); \
    while (!g_str_equal ((self)->events->str, expected) \
        && g_get_monotonic_time () < deadline_) \
      g_main_context_iteration (NULL, TRUE); \
    g_source_remove (tick_); \
    g_assert_cmpstr ((self)->events->str, ==, expected); \
    session_clear_events (self); \
  } G_STMT_END

/* A notification, as if it had come by the websocket. @quoted: JSON with ' for
 * " */
void people_notify (Session *self, const char *quoted);
/* The next request to @path gets @body, with ' for ", for its reply */
void people_spoil (Session *self, const char *method, const char *path,
    const char *body);

/* Runs start_async, and takes its end: TRUE or an object, and @error_ */
#define PEOPLE_RUN(object_, name_, error_, ...) \
  ({ \
    GAsyncResult *result_ = NULL; \
    __typeof__ (name_##_finish (object_, NULL, error_)) value_; \
    name_##_async (object_, ##__VA_ARGS__, NULL, store_result, &result_); \
    value_ = name_##_finish (object_, wait_result (&result_), error_); \
    g_object_unref (result_); \
    value_; \
  })

G_END_DECLS
