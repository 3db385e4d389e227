/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <glib.h>

/* SECTION: the one leak that nearly every instrumented program has
 *
 * GLib keeps its quarks in a table. When that is full it takes a larger one,
 * and forgets the former without freeing it: others may be reading it. By what
 * allocated it that could be told from a leak of ours, but AddressSanitizer
 * takes several times as long when it notes that for each allocation. So
 * pointers to the tables are kept here.
 */

#define BLOCK 2048
#define N_TABLES 8

void __sanitizer_malloc_hook (const volatile void *block, gsize size);

const volatile void *kandy_test_quark_tables[N_TABLES];

/* The first block of the first table's size is that table: GLib makes it when
 * it is loaded, before other code runs. A larger one is made when the one
 * before is full. g_quark_to_string() neither locks nor allocates. */
void
__sanitizer_malloc_hook (const volatile void *block, gsize size)
{
  gsize i = size / (BLOCK * sizeof (char *));

  if (size % (BLOCK * sizeof (char *)) != 0 || i < 1 || i > N_TABLES
      || kandy_test_quark_tables[i - 1])
    return;
  if (i == 1
      || (g_quark_to_string ((GQuark) ((i - 1) * BLOCK - 1))
          && !g_quark_to_string ((GQuark) ((i - 1) * BLOCK))))
    kandy_test_quark_tables[i - 1] = block;
}
