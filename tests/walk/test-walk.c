/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "walk.h"

#include <gst/gst.h>

/* One random walk. Environment:
 *   KANDY_WALK_SEED   what is done, 1 if not set; a failure prints it
 *   KANDY_WALK_STEPS  how long it is */

static void
test_walk (void)
{
  walk_run (&walk_media_descriptions, walk_get_number ("KANDY_WALK_SEED", 1),
      walk_get_number ("KANDY_WALK_STEPS", 250));
}

int
main (int argc, char **argv)
{
  gst_init (NULL, NULL);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/walk", test_walk);
  return g_test_run ();
}
