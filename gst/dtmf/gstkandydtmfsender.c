/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandydtmfsender.h"

#include <string.h>

GST_DEBUG_CATEGORY_STATIC (gst_kandy_dtmf_debug);
#define GST_CAT_DEFAULT gst_kandy_dtmf_debug

/* RFC 4733 section 2.5.1.2: as often as there would be packets of sound */
#define UPDATE_MS 20
/* The end is said three times (RFC 4733 section 2.5.1.4), so close together
 * that it does not reach into the next tone */
#define N_ENDS 3
#define END_INTERVAL_MS 10
/* W3C WebRTC 7.2 */
#define PAUSE_MS 2000
#define MIN_TONE_MS 40
#define MAX_TONE_MS 6000
#define DEFAULT_GAP_MS 70
#define DEFAULT_VOLUME 10
/* How long a call that is connected may have no media path yet */
#define PATIENCE_MS 5000
#define WAIT_MS 20
/* A thread that was held up for longer does not try to catch up */
#define MAX_LATE_US 100000

typedef struct {
  GstKandyDtmfSender *sender;
  GTask *task;     /* (nullable) */
  GSource *cancel; /* (nullable) */
  char *tones;
  const char *next;
  guint duration;
  guint gap;
  guint volume;
  GstKandyDtmfMethod method;
  GstKandySendTrack *track; /* (nullable): the one that is wanted */
  gboolean open_ended;
  gint64 asked;
} Job;

typedef enum {
  IDLE,
  WAITING, /* until there is a way for tones */
  EVENT,   /* packets of a tone go out */
  REST,    /* nothing to do before the next tone */
} Phase;

struct _GstKandyDtmfSender {
  GMainContext *context;
  GstKandyDtmfTarget target;
  GObject *owner;
  GSource *timer;
  GQueue jobs; /* the first one is under way */
  Phase phase;
  gint64 due;        /* of the next step, monotonic */
  gint64 give_up;    /* when waiting is over */
  gboolean checking; /* whether there still is a way */

  /* the tone under way */
  GstKandySendTrack *track;
  gboolean sounding; /* in the sound, not as events */
  guint number;
  guint clock_rate;
  gint64 begun;
  guint duration;
  guint announced; /* ms that the far end knows of */
  guint segment;
  guint n_ends;
};

static void step (GstKandyDtmfSender *self);

/* --- jobs --- */

static void
job_free (Job *job)
{
  if (job->cancel) {
    g_source_destroy (job->cancel);
    g_source_unref (job->cancel);
  }
  gst_clear_object (&job->track);
  g_clear_object (&job->task);
  g_free (job->tones);
  g_free (job);
}

/* May call back into the sender. @error: (nullable) */
static void
job_answer (Job *job, const GError *error)
{
  GTask *task = g_steal_pointer (&job->task);

  job_free (job);
  if (!task)
    return;
  if (error)
    g_task_return_error (task, g_error_copy (error));
  else
    g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

/* --- time --- */

static gboolean
dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  g_source_set_ready_time (source, -1);
  return callback (user_data);
}

static gboolean
on_time (gpointer user_data)
{
  GstKandyDtmfSender *self = user_data;
  GObject *owner = g_object_ref (self->owner);

  step (self);
  g_object_unref (owner);
  return G_SOURCE_CONTINUE;
}

static void
wait_until (GstKandyDtmfSender *self, gint64 due)
{
  self->due = MAX (due, g_get_monotonic_time () - MAX_LATE_US);
  g_source_set_ready_time (self->timer, self->due);
}

static void
wait_for (GstKandyDtmfSender *self, guint ms)
{
  wait_until (self, self->due + ms * 1000);
}

/* --- the tone under way --- */

static void
push_packet (GstKandyDtmfSender *self, guint duration, gboolean end)
{
  const Job *job = g_queue_peek_head (&self->jobs);
  GstKandyDtmfEvent event = { self->number, job->volume, end,
    (guint16) duration };
  gboolean first = self->announced == 0;

  gst_kandy_send_track_push_event (self->track, &event, first, self->segment);
}

/* How long it has been so far, or was */
static void
push_update (GstKandyDtmfSender *self, gboolean end)
{
  guint soon = MIN (self->announced + UPDATE_MS, self->duration);
  guint ticks = (guint) ((guint64) soon * self->clock_rate / 1000)
      - self->segment * GST_KANDY_DTMF_MAX_SEGMENT;

  if (ticks > GST_KANDY_DTMF_MAX_SEGMENT) {
    push_packet (self, GST_KANDY_DTMF_MAX_SEGMENT, FALSE);
    self->segment++;
    ticks -= GST_KANDY_DTMF_MAX_SEGMENT;
  }
  push_packet (self, ticks, end);
  self->announced = soon;
}

static void
leave_tone (GstKandyDtmfSender *self)
{
  gst_clear_object (&self->track);
  self->sounding = FALSE;
}

/* Ends it before its time */
static void
cut_tone (GstKandyDtmfSender *self)
{
  if (self->phase == EVENT) {
    self->duration = self->announced;
    for (; self->n_ends < N_ENDS; self->n_ends++)
      push_update (self, TRUE);
    gst_kandy_send_track_end_event (self->track, self->announced);
  } else if (self->sounding) {
    gst_kandy_send_track_stop_tones (self->track);
  }
  leave_tone (self);
}

static void
continue_event (GstKandyDtmfSender *self)
{
  const Job *job = g_queue_peek_head (&self->jobs);

  if (self->n_ends == N_ENDS) {
    gst_kandy_send_track_end_event (self->track, self->duration);
    leave_tone (self);
    self->phase = REST;
    wait_until (
        self, self->begun + (gint64) (self->duration + job->gap) * 1000);
    return;
  }
  if (self->announced + UPDATE_MS < self->duration) {
    push_update (self, FALSE);
    wait_for (self, UPDATE_MS);
    return;
  }
  push_update (self, TRUE);
  /* what follows the last one is the sound, at once */
  self->n_ends++;
  wait_for (self, self->n_ends < N_ENDS ? END_INTERVAL_MS : 0);
}

/* FALSE with @error set. Takes @track */
static gboolean
begin_tone (GstKandyDtmfSender *self, const Job *job, GstKandySendTrack *track,
    guint number, GError **error)
{
  self->track = track;
  self->number = number;
  self->duration = job->duration;
  self->announced = self->segment = self->n_ends = 0;
  self->begun = self->due;
  self->clock_rate = job->method == GST_KANDY_DTMF_METHOD_SOUND
      ? 0
      : gst_kandy_send_track_get_event_clock_rate (track);

  if (self->clock_rate > 0) {
    GST_DEBUG ("tone %u for %u ms as event", number, job->duration);
    self->phase = EVENT;
    gst_kandy_send_track_begin_event (track);
    continue_event (self);
    return TRUE;
  }
  if (job->method != GST_KANDY_DTMF_METHOD_EVENT
      && gst_kandy_send_track_play_tone (
          track, number, job->volume, job->duration, job->gap)) {
    GST_DEBUG ("tone %u for %u ms in the sound", number, job->duration);
    self->phase = REST;
    self->sounding = TRUE;
    wait_for (self, job->duration + job->gap);
    return TRUE;
  }
  leave_tone (self);
  g_propagate_error (error,
      job->method == GST_KANDY_DTMF_METHOD_SOUND
          ? kandy_error_new (KANDY_ERROR_MEDIA, "call:2", 0,
              "The DTMF tones cannot be put into the sound, which does not "
              "come, or cannot be encoded here.")
          : kandy_error_new (KANDY_ERROR_MEDIA, "call:2", 0,
              "The DTMF tones cannot be sent: the far end does not take "
              "telephone events, and they cannot be put into the sound, which "
              "does not come, or cannot be encoded here."));
  return FALSE;
}

/* --- one tone after the other --- */

static guint
number_of (char tone)
{
  static const char tones[] = "0123456789*#ABCD";

  return (guint) (strchr (tones, g_ascii_toupper (tone)) - tones);
}

static void
wait_for_way (GstKandyDtmfSender *self)
{
  gint64 now = g_get_monotonic_time ();
  g_autoptr (GError) error = NULL;

  if (self->phase != WAITING) {
    self->phase = WAITING;
    self->give_up = now + PATIENCE_MS * 1000;
  }
  if (now < self->give_up) {
    wait_for (self, WAIT_MS);
    return;
  }
  error = kandy_error_new (KANDY_ERROR_MEDIA, "call:2", 0,
      "The DTMF tones cannot be sent: the call has no media path.");
  gst_kandy_dtmf_sender_fail (self, error);
}

static void
next_tone (GstKandyDtmfSender *self)
{
  GstKandySendTrack *track;
  g_autoptr (GError) error = NULL;
  Job *job;

  leave_tone (self);
  while ((job = g_queue_peek_head (&self->jobs)) && !*job->next) {
    g_queue_pop_head (&self->jobs);
    job_answer (job, NULL);
    /* whoever was told may have made an end to it */
    if (self->phase == IDLE)
      return;
  }
  if (!job) {
    self->phase = IDLE;
    return;
  }

  track = self->target (self->owner, job->track, &error);
  if (!track && !error) {
    wait_for_way (self);
    return;
  }
  if (track && *job->next == ',') {
    gst_object_unref (track);
    job->next++;
    self->phase = REST;
    wait_for (self, PAUSE_MS);
    return;
  }
  if (!track
      || !begin_tone (self, job, track, number_of (*job->next++), &error))
    gst_kandy_dtmf_sender_fail (self, error);
}

static void
step (GstKandyDtmfSender *self)
{
  if (self->checking) {
    g_autoptr (GError) error = NULL;
    const Job *job = g_queue_peek_head (&self->jobs);
    GstKandySendTrack *track;

    self->checking = FALSE;
    if (!job)
      return;
    track = self->target (self->owner, job->track, &error);
    if (track)
      gst_object_unref (track);
    if (error)
      gst_kandy_dtmf_sender_fail (self, error);
    else
      g_source_set_ready_time (self->timer, self->due);
    return;
  }
  if (self->phase == EVENT)
    continue_event (self);
  else if (self->phase != IDLE)
    next_tone (self);
}

static void
start (GstKandyDtmfSender *self)
{
  if (self->phase != IDLE)
    return;
  self->phase = REST;
  wait_until (self, g_get_monotonic_time ());
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  Job *job = user_data;
  GstKandyDtmfSender *self = job->sender;
  GObject *owner = g_object_ref (self->owner);
  g_autoptr (GError) error = g_error_new_literal (
      G_IO_ERROR, G_IO_ERROR_CANCELLED, "The DTMF tones were cancelled");

  if (job == g_queue_peek_head (&self->jobs)) {
    cut_tone (self);
    self->phase = REST;
    wait_until (self, g_get_monotonic_time () + job->gap * 1000);
  }
  g_queue_remove (&self->jobs, job);
  job_answer (job, error);
  g_object_unref (owner);
  return G_SOURCE_REMOVE;
}

/* --- for the call --- */

GstKandyDtmfSender *
gst_kandy_dtmf_sender_new (
    GMainContext *context, GstKandyDtmfTarget target, gpointer owner)
{
  static GSourceFuncs funcs = { .dispatch = dispatch };
  GstKandyDtmfSender *self = g_new0 (GstKandyDtmfSender, 1);

  GST_DEBUG_CATEGORY_INIT (
      gst_kandy_dtmf_debug, "kandydtmf", 0, "DTMF tones of a Kandy call");

  self->context = context ? g_main_context_ref (context) : NULL;
  self->target = target;
  self->owner = owner;
  g_queue_init (&self->jobs);
  self->timer = g_source_new (&funcs, sizeof (GSource));
  g_source_set_name (self->timer, "kandy-dtmf");
  g_source_set_callback (self->timer, on_time, self, NULL);
  g_source_attach (self->timer, context);
  return self;
}

void
gst_kandy_dtmf_sender_free (GstKandyDtmfSender *self)
{
  g_warn_if_fail (self->jobs.length == 0);
  leave_tone (self);
  g_source_destroy (self->timer);
  g_source_unref (self->timer);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_free (self);
}

void
gst_kandy_dtmf_sender_send (GstKandyDtmfSender *self, const char *tones,
    guint duration, guint gap, GTask *task)
{
  GCancellable *cancellable = g_task_get_cancellable (task);
  Job *job;

  if (!*tones || strspn (tones, "0123456789*#ABCDabcd,") != strlen (tones)) {
    g_task_return_error (task,
        kandy_error_new (KANDY_ERROR_INVALID_PARAM, "call:7", 0,
            "\"%s\" are no DTMF tones.", tones));
    g_object_unref (task);
    return;
  }

  job = g_new0 (Job, 1);
  job->sender = self;
  job->task = task;
  job->tones = g_strdup (tones);
  job->next = job->tones;
  job->duration = CLAMP (duration, MIN_TONE_MS, MAX_TONE_MS);
  job->gap = gap;
  job->volume = DEFAULT_VOLUME;
  if (cancellable) {
    job->cancel = g_cancellable_source_new (cancellable);
    g_source_set_callback (
        job->cancel, G_SOURCE_FUNC (on_cancelled), job, NULL);
    g_source_attach (job->cancel, self->context);
  }
  g_queue_push_tail (&self->jobs, job);
  start (self);
}

void
gst_kandy_dtmf_sender_start_tone (GstKandyDtmfSender *self,
    GstKandySendTrack *track, guint number, guint volume,
    GstKandyDtmfMethod method)
{
  Job *job = g_new0 (Job, 1);

  g_return_if_fail (number < 16);

  gst_kandy_dtmf_sender_stop_tone (self);
  job->sender = self;
  job->tones = g_strndup (&"0123456789*#ABCD"[number], 1);
  job->next = job->tones;
  job->duration = MAX_TONE_MS;
  job->gap = DEFAULT_GAP_MS;
  job->volume = MIN (volume, 63);
  job->method = method;
  job->track = track ? gst_object_ref (track) : NULL;
  job->open_ended = TRUE;
  job->asked = g_get_monotonic_time ();
  g_queue_push_tail (&self->jobs, job);
  start (self);
}

void
gst_kandy_dtmf_sender_stop_tone (GstKandyDtmfSender *self)
{
  Job *job = g_queue_peek_tail (&self->jobs);
  gint64 now = g_get_monotonic_time ();

  if (!job || !job->open_ended)
    return;
  job->open_ended = FALSE;
  if (*job->next) {
    job->duration =
        (guint) CLAMP ((now - job->asked) / 1000, MIN_TONE_MS, MAX_TONE_MS);
  } else if (self->phase == EVENT) {
    self->duration = MAX (self->announced, MIN_TONE_MS);
  } else if (self->sounding) {
    gst_kandy_send_track_stop_tones (self->track);
    wait_until (self, now + job->gap * 1000);
  }
}

void
gst_kandy_dtmf_sender_fail (GstKandyDtmfSender *self, const GError *error)
{
  g_autoptr (GError) reason = g_error_copy (error);
  GQueue jobs = self->jobs;
  GObject *owner;
  Job *job;

  if (jobs.length == 0)
    return;
  owner = g_object_ref (self->owner);
  GST_INFO ("%s", reason->message);
  cut_tone (self);
  self->phase = IDLE;
  g_queue_init (&self->jobs);
  g_source_set_ready_time (self->timer, -1);
  while ((job = g_queue_pop_head (&jobs)))
    job_answer (job, reason);
  g_object_unref (owner);
}

void
gst_kandy_dtmf_sender_poke (GstKandyDtmfSender *self)
{
  if (self->phase == IDLE)
    return;
  self->checking = TRUE;
  g_source_set_ready_time (self->timer, 0);
}
