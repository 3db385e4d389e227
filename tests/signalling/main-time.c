/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "main-time.h"

#include <time.h>

#ifdef __SANITIZE_ADDRESS__
#define IS_MEASURED FALSE
#else
#define IS_MEASURED TRUE
#endif

static gint64 longest; /* of what is under way */
static gint64 worst;   /* of a test */

gint64
main_time_get_cpu (void)
{
  struct timespec now;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

void
main_time_measure (gint64 since)
{
  longest = MAX (longest, main_time_get_cpu () - since);
}

void
main_time_iterate (gboolean may_block)
{
  gint64 before = main_time_get_cpu ();

  g_main_context_iteration (NULL, may_block);
  main_time_measure (before);
}

void
main_time_note (const char *what)
{
  g_test_message ("%s: %" G_GINT64_FORMAT " us at most", what, longest);
  worst = MAX (worst, longest);
  longest = 0;
}

void
main_time_forget (void)
{
  longest = 0;
}

/* On a machine that others use, even CPU time has outliers; what really takes
 * long does so each time */
void
main_time_run (gconstpointer test)
{
  guint round;

  for (round = 0; round < 3; round++) {
    worst = longest = 0;
    ((GTestFunc) test) ();
    if (worst < MAIN_TIME_GOAL_US)
      break;
  }
  if (IS_MEASURED)
    g_assert_cmpint (worst, <, MAIN_TIME_GOAL_US);
}
