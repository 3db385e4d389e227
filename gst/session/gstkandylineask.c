/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandylineask.h"

#include <string.h>

#include "gstkandyvariant.h"

/* SECTION: what a line is asked by the names of the API document's rows
 *
 * One that comes while the line signs on waits until it has.
 */

GST_DEBUG_CATEGORY_EXTERN (kandy_line_debug);
#define GST_CAT_DEFAULT kandy_line_debug

static void
ask_free (GstKandyAsk *ask)
{
  g_object_unref (ask->line);
  gst_structure_free (ask->request);
  g_clear_pointer (&ask->promise, gst_promise_unref);
  g_free (ask);
}

/* @reply: (nullable): what the answer says, NULL with @error. Frees @ask */
static void
answer (GstKandyAsk *ask, GVariantDict *reply, const GError *error)
{
  if (error != NULL) {
    GST_INFO_OBJECT (ask->line, "%s: %s", ask->method->name, error->message);
    gst_kandy_promise_reply (ask->promise, NULL, error);
  } else {
    g_autoptr (GVariant) variant =
        g_variant_ref_sink (g_variant_dict_end (reply));

    if (ask->promise != NULL)
      gst_promise_reply (ask->promise,
          gst_kandy_structure_from_variant (
              "application/x-kandy-reply", variant));
  }
  ask_free (ask);
}

void
gst_kandy_ask_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GstKandyAsk *ask = user_data;
  g_autoptr (GError) error = NULL;
  g_auto (GVariantDict) reply = G_VARIANT_DICT_INIT (NULL);

  if (ask->method->finish (source, result, &reply, &error))
    answer (ask, &reply, NULL);
  else
    answer (ask, NULL, error);
}

const char *
gst_kandy_ask_get_text (const GstStructure *request, const char *field)
{
  const char *text = gst_structure_get_string (request, field);

  return text != NULL ? text : "";
}

/* (transfer full): one string, a strv, or an array or list of strings */
char **
gst_kandy_ask_dup_texts (const GstStructure *request, const char *field)
{
  const GValue *value = gst_structure_get_value (request, field);
  g_autoptr (GPtrArray) texts = g_ptr_array_new ();
  guint n = 0, i;

  if (value != NULL && G_VALUE_HOLDS (value, G_TYPE_STRV))
    return g_value_dup_boxed (value);
  if (value != NULL && G_VALUE_HOLDS_STRING (value)
      && g_value_get_string (value) != NULL) {
    g_ptr_array_add (texts, g_value_dup_string (value));
  } else if (value != NULL && GST_VALUE_HOLDS_ARRAY (value)) {
    n = gst_value_array_get_size (value);
  } else if (value != NULL && GST_VALUE_HOLDS_LIST (value)) {
    n = gst_value_list_get_size (value);
  }
  for (i = 0; i < n; i++) {
    const GValue *item = GST_VALUE_HOLDS_ARRAY (value)
        ? gst_value_array_get_value (value, i)
        : gst_value_list_get_value (value, i);

    g_ptr_array_add (texts,
        g_strdup (
            G_VALUE_HOLDS_STRING (item) && g_value_get_string (item) != NULL
                ? g_value_get_string (item)
                : ""));
  }
  g_ptr_array_add (texts, NULL);
  return (char **) g_ptr_array_steal (texts, NULL);
}

static gboolean
add_member (GQuark field, const GValue *value, gpointer user_data)
{
  GValue text = G_VALUE_INIT;

  g_value_init (&text, G_TYPE_STRING);
  if (g_value_transform (value, &text) && g_value_get_string (&text) != NULL)
    g_variant_dict_insert (
        user_data, g_quark_to_string (field), "s", g_value_get_string (&text));
  g_value_unset (&text);
  return TRUE;
}

/* (nullable) (transfer floating): a field that is a structure, as texts */
GVariant *
gst_kandy_ask_get_members (const GstStructure *request, const char *field)
{
  const GValue *value = gst_structure_get_value (request, field);
  GVariantDict dict;

  if (value == NULL || !GST_VALUE_HOLDS_STRUCTURE (value))
    return NULL;
  g_variant_dict_init (&dict, NULL);
  gst_structure_foreach (gst_value_get_structure (value), add_member, &dict);
  return g_variant_dict_end (&dict);
}

/* @value: (transfer full) */
void
gst_kandy_ask_insert (GVariantDict *reply, const char *name, GVariant *value)
{
  g_variant_dict_insert_value (reply, name, value);
  g_variant_unref (value);
}

void
gst_kandy_ask_insert_list (GVariantDict *reply, const char *name,
    GListModel *model, GVariant *(*to_variant) (gpointer item))
{
  GVariantBuilder builder;
  guint i;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (i = 0; model != NULL && i < g_list_model_get_n_items (model); i++) {
    g_autoptr (GObject) item = g_list_model_get_item (model, i);
    g_autoptr (GVariant) variant = to_variant (item);

    g_variant_builder_add_value (&builder, variant);
  }
  g_variant_dict_insert_value (reply, name, g_variant_builder_end (&builder));
}

void
gst_kandy_ask_answer (GstKandyAsk *ask, GVariantDict *reply)
{
  answer (ask, reply, NULL);
}

void
gst_kandy_ask_fail (GstKandyAsk *ask, GError *error)
{
  answer (ask, NULL, error);
  g_error_free (error);
}

static const GstKandyAskMethod *
find_method (const char *name)
{
  static const GstKandyAskMethod *const tables[] = {
    gst_kandy_line_people_methods, gst_kandy_line_conversation_methods
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (tables); i++) {
    const GstKandyAskMethod *method;

    for (method = tables[i]; method->name != NULL; method++)
      if (g_str_equal (method->name, name))
        return method;
  }
  return NULL;
}

static void
run (GstKandyAsk *ask)
{
  const GstKandyAskMethod *method = ask->method;
  g_auto (GVariantDict) reply = G_VARIANT_DICT_INIT (NULL);
  KandyConversation *conversation = NULL;
  GError *error = NULL;

  if (method->begin_in != NULL || method->get_in != NULL) {
    conversation =
        gst_kandy_line_find_conversation (ask->line, ask->request, &error);
    if (conversation == NULL) {
      gst_kandy_ask_fail (ask, error);
      return;
    }
  }
  if (method->begin_in != NULL) {
    method->begin_in (conversation, ask->request, ask);
    return;
  }
  if (method->begin != NULL) {
    method->begin (ask->line->client, ask->request, ask);
    return;
  }
  if (method->get_in != NULL)
    method->get_in (conversation, ask->request, &reply);
  else
    method->get (ask->line->client, ask->request, &reply);
  answer (ask, &reply, NULL);
}

static void
refuse (GstKandyAsk *ask, KandyError code, const char *text)
{
  g_autoptr (GError) error = kandy_error_new (code, NULL, 0, "%s", text);

  answer (ask, NULL, error);
}

void
gst_kandy_line_ask_act (GstKandyLine *self)
{
  GstKandyAsk *ask;

  if (self->phase == LINE_SIGNING_ON || self->phase == LINE_SUBSCRIBING)
    return;
  while ((ask = g_queue_pop_head (&self->asks)) != NULL) {
    if (self->phase == LINE_READY)
      run (ask);
    else
      refuse (ask, KANDY_ERROR_INVALID_STATE, "The sign-on has failed");
  }
}

gboolean
gst_kandy_line_ask_request (
    GstKandyLine *self, const GstStructure *request, GstPromise *promise)
{
  const char *name = gst_structure_get_name (request);
  const GstKandyAskMethod *method = find_method (name);
  GstKandyAsk *ask;

  if (method == NULL && strchr (name, '.') == NULL)
    return FALSE;
  if (method == NULL) {
    g_autofree char *text =
        g_strdup_printf ("There is no request \"%s\"", name);

    gst_kandy_line_refuse (
        promise, KANDY_ERROR_INVALID_PARAM, "BAD_INPUT", text);
    return TRUE;
  }
  ask = g_new0 (GstKandyAsk, 1);
  ask->line = g_object_ref (self);
  ask->method = method;
  ask->request = gst_structure_copy (request);
  ask->promise = promise;
  g_queue_push_tail (&self->asks, ask);
  gst_kandy_line_ask_act (self);
  return TRUE;
}

void
gst_kandy_line_ask_clear (GstKandyLine *self)
{
  GstKandyAsk *ask;

  while ((ask = g_queue_pop_head (&self->asks)) != NULL)
    refuse (ask, KANDY_ERROR_DESTROYED, "The element has been stopped");
}
