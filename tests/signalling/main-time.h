/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What is taken of the main context's time */

#define MAIN_TIME_GOAL_US 5000

/* Of this thread, in µs. Not the time of day: other programs may be using the
 * processor */
gint64 main_time_get_cpu (void);

/* The longest piece since the last note is kept */
void main_time_measure (gint64 since);
void main_time_iterate (gboolean may_block);
void main_time_note (const char *what);
void main_time_forget (void);

/* For g_test_add_data_func(): runs @test, a GTestFunc, which must not have noted
 * anything beyond the goal. Instrumented code is several times slower, and is
 * only run */
void main_time_run (gconstpointer test);

G_END_DECLS
