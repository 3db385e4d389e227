/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "calls-harness.h"

#include <string.h>

/* SDP handlers: protocol calls 4.3 */

#define HEAD "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
#define AUDIO                                                                  \
  "m=audio 9 UDP/TLS/RTP/SAVPF 111 0 110\r\na=mid:0\r\n"                       \
  "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n"     \
  "a=rtpmap:0 PCMU/8000\r\na=rtpmap:110 telephone-event/48000\r\n"
#define VIDEO_HEAD "a=mid:1\r\n"

static const KandySdpHandlerInfo info = { (char *) "c1", (char *) "offer",
  (char *) "send", (char *) "local" };

static char *
run (KandySdpHandler *handler, const char *sdp)
{
  g_autoptr (GError) error = NULL;
  char *changed = kandy_sdp_handler_run (handler, sdp, &info, NULL, &error);

  g_assert_no_error (error);
  g_object_unref (handler);
  return changed;
}

static KandySdpHandler *
remover (const char *name, ...)
{
  g_autoptr (GPtrArray) params = g_ptr_array_new ();
  g_autoptr (GPtrArray) selectors = g_ptr_array_new_with_free_func (
      (GDestroyNotify) kandy_codec_selector_free);
  const char *param;
  va_list args;

  va_start (args, name);
  while ((param = va_arg (args, const char *)))
    g_ptr_array_add (params, (gpointer) param);
  va_end (args);
  g_ptr_array_add (params, NULL);
  g_ptr_array_add (selectors,
      kandy_codec_selector_new (name, (const char *const *) params->pdata));
  return kandy_sdp_handler_new_codec_remover (selectors);
}

static void
test_by_names (void)
{
  const char *const names[] = { "PCMU", "VP8", "opu", "OPUS", NULL };
  g_autofree char *sdp =
      run (kandy_sdp_handler_new_codec_remover_by_names (names),
          HEAD AUDIO "m=video 9 UDP/TLS/RTP/SAVPF 96 97 98 99\r\n" VIDEO_HEAD
                     "a=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack pli\r\n"
                     "a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n"
                     "a=rtpmap:98 VP9/90000\r\na=fmtp:98 profile-id=0\r\n"
                     "a=rtpmap:99 rtx/90000\r\na=fmtp:99 apt=98\r\n");

  g_assert_cmpstr (sdp, ==,
      HEAD "m=audio 9 UDP/TLS/RTP/SAVPF 111 110\r\na=mid:0\r\n"
           "a=rtpmap:111 opus/48000/2\r\n"
           "a=fmtp:111 minptime=10;useinbandfec=1\r\n"
           "a=rtpmap:110 telephone-event/48000\r\n"
           "m=video 9 UDP/TLS/RTP/SAVPF 98 99\r\n" VIDEO_HEAD
           "a=rtpmap:98 VP9/90000\r\na=fmtp:98 profile-id=0\r\n"
           "a=rtpmap:99 rtx/90000\r\na=fmtp:99 apt=98\r\n");
}

#define H264(pt, params)                                                       \
  "a=rtpmap:" pt " H264/90000\r\na=fmtp:" pt " " params "\r\n"

/* All of the strings have to be there */
static void
test_selectors (void)
{
  static const char sdp[] =
      HEAD "m=video 9 UDP/TLS/RTP/SAVPF 100 101 102 103\r\n" VIDEO_HEAD H264 (
          "100", "profile-level-id=42e01f;packetization-mode=1") H264 ("101",
          "profile-level-id=42e01f;packetization-mode=0") H264 ("102",
          "profile-level-id=4d0032;packetization-mode=1") "a=rtpmap:103 "
                                                          "H264/90000\r\n";
  g_autofree char *one = run (
      remover ("H264", "profile-level-id=42e01f", "packetization-mode=1", NULL),
      sdp);
  g_autofree char *two =
      run (remover ("H264", "packetization-mode=1", NULL), sdp);
  g_autofree char *none = run (remover ("H264", "no-such=1", NULL), sdp);

  g_assert_nonnull (strstr (one, "SAVPF 101 102 103\r\n"));
  g_assert_null (strstr (one, "a=rtpmap:100"));
  g_assert_nonnull (strstr (two, "SAVPF 101 103\r\n"));
  g_assert_cmpstr (none, ==, sdp);
}

/* An m-line cannot be without formats */
static void
test_empty_mline (void)
{
  g_autofree char *sdp = run (remover ("VP8", NULL),
      HEAD "a=group:BUNDLE 0 1\r\n" AUDIO
           "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n" VIDEO_HEAD
           "a=rtpmap:96 VP8/90000\r\n");

  g_assert_nonnull (strstr (sdp, "a=group:BUNDLE 0\r\n"));
  g_assert_nonnull (strstr (sdp, "m=video 0 UDP/TLS/RTP/SAVPF 96\r\n"));
  g_assert_nonnull (strstr (sdp, "m=audio 9 UDP/TLS/RTP/SAVPF 111 0 110\r\n"));
}

/* Odd descriptions are no harm */
static void
test_odd (void)
{
  static const char *const odd[] = { "v=0\r\nm=\r\n", "v=0\r\nm=audio\r\n",
    "v=0\r\nm=audio 9 X\r\na=rtpmap:\r\n", "v=0\r\n",
    "v=0\r\nm=audio 9 X 1\r\na=rtpmap:1\r\na=fmtp:1 apt=\r\n",
    "v=0\r\nm=audio 9 X 1 1 1\r\na=fmtp:1 apt=1\r\n" };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (odd); i++) {
    g_autofree char *sdp = run (remover ("VP8", NULL), odd[i]);

    g_assert_cmpstr (sdp, ==, odd[i]);
  }
}

static char *
give (const char *sdp, const KandySdpHandlerInfo *about, const char *original,
    gpointer user_data)
{
  return g_strdup (user_data);
}

static void
count (KandySdpHandler *handler, KandySdpHandlerInfo *about, GError *error,
    guint *n)
{
  g_assert_cmpstr (about->call_id, ==, "c1");
  g_assert_cmpstr (kandy_error_get_platform_code (error), ==, "call:9");
  (*n)++;
}

static void
test_broken (void)
{
  static const struct {
    const char *sdp, *what;
  } broken[] = {
    { "", "v=0" },
    { "nonsense", "v=0" },
    { "v=0\r\nx\r\n" AUDIO, "line 2 is \"x\"" },
    { "v=0\r\n\r\n" AUDIO, "line 2 is \"\"" },
    { HEAD, "m-lines are \"\", they were \"audio\"" },
    { HEAD AUDIO "m=video 9 X 96\r\n", "m-lines are \"audio video\"" },
    { "v=0\r\ns=\xff\r\n" AUDIO, "UTF-8" },
  };
  guint i, n = 0;

  for (i = 0; i < G_N_ELEMENTS (broken); i++) {
    g_autoptr (KandySdpHandler) handler =
        kandy_sdp_handler_new (give, (gpointer) broken[i].sdp, NULL);
    g_autoptr (GError) error = NULL;

    g_signal_connect (handler, "failed", G_CALLBACK (count), &n);
    g_assert_null (
        kandy_sdp_handler_run (handler, HEAD AUDIO, &info, NULL, &error));
    g_assert_error (error, KANDY_ERROR, KANDY_ERROR_INVALID_PARAM);
    if (!strstr (error->message, broken[i].what))
      g_error ("%s: %s", broken[i].what, error->message);
    g_assert_cmpuint (n, ==, i + 1);
  }

  /* other line ends are none of these */
  {
    g_autofree char *sdp = run (
        kandy_sdp_handler_new (give, (gpointer) "v=0\nm=audio 9 X 0", NULL),
        HEAD AUDIO);

    g_assert_cmpstr (sdp, ==, "v=0\r\nm=audio 9 X 0\r\n");
  }
}

/* What handlers do in a call: adds a line that says what it was given */
static char *
sign (const char *sdp, const KandySdpHandlerInfo *about, const char *original,
    gpointer user_data)
{
  g_assert_null (strstr (original, "a=x-"));
  return g_strdup_printf ("%sa=x-%s-%s-%s-%s\r\n", sdp, about->type,
      about->step, about->endpoint, (char *) user_data);
}

static void
set_handlers (Harness *h, KandySdpHandler *one, KandySdpHandler *two)
{
  g_autoptr (GPtrArray) handlers =
      g_ptr_array_new_with_free_func (g_object_unref);

  if (one)
    g_ptr_array_add (handlers, one);
  if (two)
    g_ptr_array_add (handlers, two);
  kandy_calls_set_sdp_handlers (h->calls, handlers);
}

static void
expect_sdp (const char *sdp, const char *lines)
{
  const char *x = strstr (sdp, "a=x-");

  g_assert_cmpstr (x ? x : "", ==, lines);
}

static void
test_caller (Harness *h, gconstpointer data)
{
  set_handlers (h, kandy_sdp_handler_new (sign, (gpointer) "1", NULL),
      kandy_sdp_handler_new (sign, (gpointer) "2", NULL));
  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  expect_sdp (h->last_sdp,
      "a=x-offer-set-local-1\r\na=x-offer-set-local-2\r\n"
      "a=x-offer-send-local-1\r\na=x-offer-send-local-2\r\n");
  expect_sdp (fake_engine_get_remote_sdp (h->engine),
      "a=x-answer-set-remote-1\r\na=x-answer-set-remote-2\r\n");

  /* later ones replace them, in calls that are there too */
  set_handlers (h, kandy_sdp_handler_new (sign, (gpointer) "3", NULL), NULL);
  kandy_call_hold_async (h->call, NULL, harness_answered, h);
  harness_wait (h, strstr (h->events->str, "UPDATE"));
  expect_sdp (
      h->last_sdp, "a=x-offer-set-local-3\r\na=x-offer-send-local-3\r\n");
  kandy_calls_set_sdp_handlers (h->calls, NULL);
  harness_sdp (h, "wrtcsAnswerNotification", "s1", HARNESS_SDP);
  harness_expect_answer (h, NULL);
  expect_sdp (fake_engine_get_remote_sdp (h->engine), "");
}

static void
test_callee (Harness *h, gconstpointer data)
{
  set_handlers (h, kandy_sdp_handler_new (sign, (gpointer) "1", NULL), NULL);
  harness_receive (h, KANDY_CALL_STATE_CONNECTED);
  expect_sdp (
      fake_engine_get_remote_sdp (h->engine), "a=x-offer-set-remote-1\r\n");
  expect_sdp (
      h->last_sdp, "a=x-answer-set-local-1\r\na=x-answer-send-local-1\r\n");
  harness_sdp (h, "wrtcsOfferNotification", "s1", HARNESS_SDP);
  harness_settle (h);
  expect_sdp (
      fake_engine_get_remote_sdp (h->engine), "a=x-offer-set-remote-1\r\n");
}

/* The call goes on with what the others made of it */
static void
test_left_out (Harness *h, gconstpointer data)
{
  set_handlers (h, kandy_sdp_handler_new (give, (gpointer) "broken", NULL),
      kandy_sdp_handler_new (sign, (gpointer) "2", NULL));
  harness_make (h, KANDY_CALL_STATE_CONNECTED);
  expect_sdp (
      h->last_sdp, "a=x-offer-set-local-2\r\na=x-offer-send-local-2\r\n");
}

#define add(name, func)                                                        \
  g_test_add ("/calls/sdp/" name, Harness, NULL, harness_set_up, func,         \
      harness_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/calls/sdp/by-names", test_by_names);
  g_test_add_func ("/calls/sdp/selectors", test_selectors);
  g_test_add_func ("/calls/sdp/empty-mline", test_empty_mline);
  g_test_add_func ("/calls/sdp/odd", test_odd);
  g_test_add_func ("/calls/sdp/broken", test_broken);
  add ("caller", test_caller);
  add ("callee", test_callee);
  add ("left-out", test_left_out);

  return g_test_run ();
}
