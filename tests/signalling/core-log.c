/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kandy.h"

#include <string.h>

/* The logger, and errors as they are and as the document has them */

static void
collect (KandyLogger *logger, const KandyLogEntry *entry, gpointer user_data)
{
  g_ptr_array_add (user_data, kandy_log_entry_copy (entry));
}

static GPtrArray *
new_list (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) kandy_log_entry_free);
}

static void
test_levels (void)
{
  g_autoptr (KandyLogger) logger = kandy_logger_new ();
  g_autoptr (GPtrArray) entries = new_list ();
  int level;

  g_assert_cmpint (
      kandy_logger_get_level (logger, NULL), ==, KANDY_LOG_LEVEL_INFO);
  kandy_logger_set_handler (logger, collect, entries, NULL, NULL);
  kandy_logger_set_level (logger, KANDY_LOG_LEVEL_WARN, NULL);
  kandy_logger_set_level (logger, KANDY_LOG_LEVEL_SILENT, "CALL");
  kandy_logger_set_level (logger, KANDY_LOG_LEVEL_TRACE, "SDP");
  for (level = KANDY_LOG_LEVEL_TRACE; level < KANDY_LOG_LEVEL_SILENT; level++) {
    kandy_logger_log (logger, level, "AUTH", NULL, "%d", level);
    kandy_logger_log (logger, level, "CALL", NULL, "%d", level);
    kandy_logger_log (logger, level, "SDP", NULL, "%d", level);
  }
  g_assert_cmpuint (entries->len, ==, 2 + 0 + 5);
  g_assert_cmpint (
      kandy_logger_get_level (logger, "CALL"), ==, KANDY_LOG_LEVEL_SILENT);
  g_assert_cmpint (
      kandy_logger_get_level (logger, "MEDIA"), ==, KANDY_LOG_LEVEL_WARN);
  /* for all means for all */
  kandy_logger_set_level (logger, KANDY_LOG_LEVEL_ERROR, NULL);
  g_assert_cmpint (
      kandy_logger_get_level (logger, "CALL"), ==, KANDY_LOG_LEVEL_ERROR);
}

static void
test_entry (void)
{
  g_autoptr (KandyLogger) logger = kandy_logger_new ();
  g_autoptr (GPtrArray) entries = new_list ();
  g_autoptr (GVariant) variant = NULL;
  g_autofree char *line = NULL;
  g_autofree char *printed = NULL;
  KandyLogEntry *entry;

  kandy_logger_set_handler (logger, collect, entries, NULL, NULL);
  kandy_logger_log (
      logger, KANDY_LOG_LEVEL_WARN, "CALL", "123456789", "it is %s", "late");
  kandy_logger_log (logger, KANDY_LOG_LEVEL_INFO, "CALL", NULL, "x");
  entry = g_ptr_array_index (entries, 0);
  line = kandy_log_entry_format (entry);
  g_assert_true (g_str_has_suffix (line, " - CALL/123456 - WARN - it is late"));
  variant = g_variant_ref_sink (kandy_log_entry_to_variant (entry));
  printed = g_variant_print (variant, FALSE);
  g_assert_nonnull (strstr (printed, "'level': <'WARN'>"));
  g_assert_nonnull (strstr (printed, "'method': <'warn'>"));
  g_assert_nonnull (strstr (printed, "'name': <'CALL-123456789'>"));
  g_assert_nonnull (strstr (printed, "'messages': <['it is late']>"));
  g_assert_cmpstr (
      kandy_log_entry_get_target_name (g_ptr_array_index (entries, 1)), ==,
      "CALL");
}

static void
test_timers (void)
{
  g_autoptr (KandyLogger) logger = kandy_logger_new ();
  g_autoptr (GPtrArray) entries = new_list ();
  GVariant *timer;
  gint64 number;
  static const char *const methods[] = { "time", "warn", "timeLog", "timeEnd",
    "warn" };
  guint i;

  kandy_logger_set_level (logger, KANDY_LOG_LEVEL_DEBUG, NULL);
  kandy_logger_set_handler (logger, collect, entries, NULL, "CALL");
  kandy_logger_time (logger, "CALL", "setup");
  kandy_logger_time (logger, "CALL", "setup");
  kandy_logger_time_log (logger, "CALL", "setup");
  kandy_logger_time_end (logger, "CALL", "setup");
  kandy_logger_time_end (logger, "CALL", "setup");
  g_assert_cmpuint (entries->len, ==, G_N_ELEMENTS (methods));
  for (i = 0; i < G_N_ELEMENTS (methods); i++)
    g_assert_cmpstr (
        kandy_log_entry_get_method (g_ptr_array_index (entries, i)), ==,
        methods[i]);
  timer = kandy_log_entry_get_timer (g_ptr_array_index (entries, 3));
  g_assert_true (g_variant_lookup (timer, "elapsed", "x", &number));
  g_assert_true (g_variant_lookup (timer, "end", "x", &number));
}

static void
test_handlers (void)
{
  g_autoptr (KandyLogger) logger = kandy_logger_new ();
  GPtrArray *calls = new_list ();
  GPtrArray *others = new_list ();

  kandy_logger_set_handler (logger, collect, g_ptr_array_ref (others),
      (GDestroyNotify) g_ptr_array_unref, NULL);
  kandy_logger_set_handler (logger, collect, g_ptr_array_ref (calls),
      (GDestroyNotify) g_ptr_array_unref, "CALL");
  kandy_logger_log (logger, KANDY_LOG_LEVEL_INFO, "CALL", NULL, "1");
  kandy_logger_log (logger, KANDY_LOG_LEVEL_INFO, "AUTH", NULL, "2");
  g_assert_cmpuint (calls->len, ==, 1);
  g_assert_cmpuint (others->len, ==, 1);
  kandy_logger_set_handler (logger, collect, g_ptr_array_ref (others),
      (GDestroyNotify) g_ptr_array_unref, NULL);
  kandy_logger_log (logger, KANDY_LOG_LEVEL_INFO, "CALL", NULL, "3");
  g_assert_cmpuint (others->len, ==, 2);
  g_clear_object (&logger);
  g_ptr_array_unref (calls);
  g_ptr_array_unref (others);
}

/* G_DEBUG=fatal-warnings must not let a server end the program, so this is
 * no warning to GLib */
static GLogWriterOutput
count_messages (GLogLevelFlags level, const GLogField *fields, gsize n_fields,
    gpointer user_data)
{
  guint *n = user_data;
  gsize i;

  for (i = 0; i < n_fields; i++)
    if (g_str_equal (fields[i].key, "GLIB_DOMAIN")
        && g_str_equal (fields[i].value, "Kandy")) {
      g_assert_cmpint (
          level & (G_LOG_LEVEL_WARNING | G_LOG_LEVEL_CRITICAL), ==, 0);
      (*n)++;
    }
  return G_LOG_WRITER_HANDLED;
}

static guint n_messages;

static void
test_default_handler (void)
{
  g_autoptr (KandyLogger) logger = kandy_logger_new ();
  guint before = n_messages;

  kandy_logger_log (logger, KANDY_LOG_LEVEL_ERROR, "CALL", NULL, "bad");
  kandy_logger_log (logger, KANDY_LOG_LEVEL_WARN, "CALL", NULL, "odd");
  kandy_logger_log (logger, KANDY_LOG_LEVEL_DEBUG, "CALL", NULL, "unseen");
  g_assert_cmpuint (n_messages - before, ==, 2);
}

static void
test_error (void)
{
  g_autoptr (GError) error =
      kandy_error_new (KANDY_ERROR_REFUSED, "SVC0002", 403, "no %s", "way");
  g_autoptr (GError) copy = g_error_copy (error);
  g_autoptr (GError) foreign =
      g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "x");
  g_autoptr (GError) back = NULL;
  g_autoptr (GVariant) variant = NULL;
  const char *text;

  g_assert_cmpstr (kandy_error_get_platform_code (copy), ==, "SVC0002");
  g_assert_cmpuint (kandy_error_get_http_status (copy), ==, 403);
  g_assert_cmpstr (copy->message, ==, "no way");
  variant = g_variant_ref_sink (kandy_error_to_variant (copy));
  g_assert_true (g_variant_lookup (variant, "name", "&s", &text));
  g_assert_cmpstr (text, ==, "BasicError");
  back = kandy_error_from_variant (variant);
  g_assert_error (back, KANDY_ERROR, KANDY_ERROR_REFUSED);
  g_assert_cmpuint (kandy_error_get_http_status (back), ==, 403);

  g_assert_cmpstr (kandy_error_get_platform_code (foreign), ==, "NO_CODE");
  g_assert_cmpuint (kandy_error_get_http_status (foreign), ==, 0);
  g_clear_pointer (&variant, g_variant_unref);
  variant = g_variant_ref_sink (kandy_error_to_variant (foreign));
  g_assert_true (g_variant_lookup (variant, "code", "&s", &text));
  g_assert_cmpstr (text, ==, "NO_CODE");
}

/* A reason phrase or the name of a file may be in any encoding */
static void
test_error_encoding (void)
{
  g_autoptr (GError) error = kandy_error_new (
      KANDY_ERROR_REFUSED, "caf\xe9", 503, "Syst\xe8me occup%s", "\xe9");
  g_autoptr (GError) foreign =
      g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "Syst\xe8me");
  const GError *errors[] = { error, foreign };
  const char *text;
  guint i;

  g_assert_cmpstr (error->message, ==, "Syst\357\277\275me occup\357\277\275");
  for (i = 0; i < G_N_ELEMENTS (errors); i++) {
    g_autoptr (GVariant) variant =
        g_variant_ref_sink (kandy_error_to_variant (errors[i]));

    g_assert_true (g_variant_lookup (variant, "message", "&s", &text));
    g_assert_true (g_str_has_prefix (text, "Syst\357\277\275me"));
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_log_set_writer_func (count_messages, &n_messages, NULL);
  g_test_add_func ("/core/log/levels", test_levels);
  g_test_add_func ("/core/log/entry", test_entry);
  g_test_add_func ("/core/log/timers", test_timers);
  g_test_add_func ("/core/log/handlers", test_handlers);
  g_test_add_func ("/core/log/default-handler", test_default_handler);
  g_test_add_func ("/core/error", test_error);
  g_test_add_func ("/core/error/encoding", test_error_encoding);
  return g_test_run ();
}
