/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy.h"

G_BEGIN_DECLS

/* A media engine without media. It does what its script says, writes down what
 * is asked of it, and fails the test if the verbs come in an order that the
 * interface does not allow. */

typedef struct {
  GHashTable *failures;  /* verb -> GError: the next one fails with it */
  GHashTable *paused;    /* verb -> NULL: wait for fake_engine_resume() */
  KandyRemoteChange change; /* what the next remote description means */
  gboolean flowing;
  gboolean remote_track; /* whether remote descriptions have one */
} FakeScript;

void fake_script_init (FakeScript *script);
void fake_script_clear (FakeScript *script);
/* @error: (transfer full) */
void fake_script_fail (FakeScript *script, const char *verb, GError *error);
void fake_script_pause (FakeScript *script, const char *verb);

#define FAKE_TYPE_ENGINE (fake_engine_get_type ())
G_DECLARE_FINAL_TYPE (FakeEngine, fake_engine, FAKE, ENGINE, GObject)

FakeEngine *fake_engine_new (FakeScript *script);
/* What was asked of it, in order: "create_offer HOLD hold", "commit_offer" */
GString *fake_engine_get_log (FakeEngine *self);
void fake_engine_clear_log (FakeEngine *self);
/* The latest one that it was given; (nullable) */
const char *fake_engine_get_remote_sdp (FakeEngine *self);
gboolean fake_engine_is_waiting (FakeEngine *self);
/* Lets the verb that waits go on */
void fake_engine_resume (FakeEngine *self);
/* What is being acquired because "acquire_media" is paused is there, or cannot be
 * had. @error: (nullable) */
void fake_engine_acquire (FakeEngine *self, const GError *error);
gboolean fake_engine_is_acquiring (FakeEngine *self);
gboolean fake_engine_is_closed (FakeEngine *self);
void fake_engine_set_state (FakeEngine *self, KandyMediaConnectionState state);
void fake_engine_lose_path (FakeEngine *self);
/* The oldest of those that wait because "send_dtmf" is paused is played, or has
 * failed. @error: (nullable) */
void fake_engine_play_dtmf (FakeEngine *self, const GError *error);
void fake_engine_break (FakeEngine *self);
KandyMediaOptions *fake_engine_get_answer_options (FakeEngine *self);

G_END_DECLS
