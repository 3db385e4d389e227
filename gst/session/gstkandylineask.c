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

/* Structures that are made in one iteration */
#define SLICE 64

typedef struct {
  GstPromise *promise; /* (nullable): answered */
  GstStructure *reply;
  const char *field;
  GPtrArray *items;
  guint next;
  GstKandyToVariant to_variant;
  GstStructure *(*to_structure) (gpointer item);
  GValue array;
} List;

/* The thread may end before the list does */
static void
list_free (gpointer data)
{
  List *list = data;

  if (list->promise != NULL)
    gst_kandy_line_refuse (list->promise, KANDY_ERROR_DESTROYED, NULL,
        "The element has been stopped");
  g_clear_pointer (&list->reply, gst_structure_free);
  if (G_IS_VALUE (&list->array))
    g_value_unset (&list->array);
  g_ptr_array_unref (list->items);
  g_free (list);
}

static void
list_append (List *list, gpointer item)
{
  GValue value = G_VALUE_INIT;
  GstStructure *structure;

  if (list->to_structure != NULL) {
    structure = list->to_structure (item);
  } else {
    g_autoptr (GVariant) variant = list->to_variant (item);

    structure = gst_kandy_structure_from_variant (list->field, variant);
  }
  g_value_init (&value, GST_TYPE_STRUCTURE);
  g_value_take_boxed (&value, structure);
  gst_value_array_append_and_take_value (&list->array, &value);
}

static gboolean
list_on (gpointer user_data)
{
  List *list = user_data;
  guint end = MIN (list->next + SLICE, list->items->len);

  for (; list->next < end; list->next++)
    list_append (list, list->items->pdata[list->next]);
  if (end < list->items->len)
    return G_SOURCE_CONTINUE;
  gst_structure_take_value (list->reply, list->field, &list->array);
  gst_promise_reply (list->promise, g_steal_pointer (&list->reply));
  g_clear_pointer (&list->promise, gst_promise_unref);
  return G_SOURCE_REMOVE;
}

void
gst_kandy_line_answer_list (GstPromise *promise, GstStructure *reply,
    const char *field, GPtrArray *items, GstKandyToVariant to_variant,
    GstStructure *(*to_structure) (gpointer item))
{
  List *list = g_new0 (List, 1);
  g_autoptr (GSource) source = NULL;

  list->promise = promise;
  list->reply = reply;
  list->field = field;
  list->items = items;
  list->to_variant = to_variant;
  list->to_structure = to_structure;
  gst_value_array_init (&list->array, items->len);
  if (promise == NULL || list_on (list) == G_SOURCE_REMOVE) {
    list_free (list);
    return;
  }
  source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, list_on, list, list_free);
  g_source_attach (source, g_main_context_get_thread_default ());
}

void
gst_kandy_reply_clear (GstKandyReply *reply)
{
  g_variant_dict_clear (&reply->fields);
  g_clear_pointer (&reply->list, g_ptr_array_unref);
}

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
answer (GstKandyAsk *ask, GstKandyReply *reply, const GError *error)
{
  if (error != NULL) {
    GST_INFO_OBJECT (ask->line, "%s: %s", ask->method->name, error->message);
    gst_kandy_promise_reply (ask->promise, NULL, error);
  } else {
    g_autoptr (GVariant) variant =
        g_variant_ref_sink (g_variant_dict_end (&reply->fields));
    GstStructure *structure =
        gst_kandy_structure_from_variant ("application/x-kandy-reply", variant);

    if (reply->list != NULL)
      gst_kandy_line_answer_list (g_steal_pointer (&ask->promise), structure,
          reply->list_name, g_steal_pointer (&reply->list), reply->to_variant,
          NULL);
    else if (ask->promise != NULL)
      gst_promise_reply (ask->promise, structure);
    else
      gst_structure_free (structure);
  }
  ask_free (ask);
}

void
gst_kandy_ask_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GstKandyAsk *ask = user_data;
  g_autoptr (GError) error = NULL;
  g_auto (GstKandyReply) reply = GST_KANDY_REPLY_INIT;

  if (ask->method->finish (source, result, &reply, &error))
    answer (ask, &reply, NULL);
  else
    answer (ask, NULL, error);
}

const GValue *
gst_kandy_ask_get_field (const GstStructure *request, const char *field)
{
  const GValue *value = gst_structure_get_value (request, field);
  const GValue *options = gst_structure_get_value (request, "options");

  if (value == NULL && options != NULL && GST_VALUE_HOLDS_STRUCTURE (options)
      && gst_value_get_structure (options) != NULL)
    value = gst_structure_get_value (gst_value_get_structure (options), field);
  return value;
}

const char *
gst_kandy_ask_get_text (const GstStructure *request, const char *field)
{
  const char *text = gst_structure_get_string (request, field);

  return text != NULL ? text : "";
}

/* (transfer none): a string, or a structure's `address`: so the vendor's client
 * takes the participants of a group. Empty if it is neither */
static const char *
get_item_text (const GValue *item)
{
  const char *text = NULL;

  if (G_VALUE_HOLDS_STRING (item))
    text = g_value_get_string (item);
  else if (GST_VALUE_HOLDS_STRUCTURE (item)
      && gst_value_get_structure (item) != NULL)
    text = gst_structure_get_string (gst_value_get_structure (item), "address");
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

    g_ptr_array_add (texts, g_strdup (get_item_text (item)));
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
gst_kandy_ask_insert (GstKandyReply *reply, const char *name, GVariant *value)
{
  g_variant_dict_insert_value (&reply->fields, name, value);
  g_variant_unref (value);
}

void
gst_kandy_ask_insert_items (GstKandyReply *reply, const char *name,
    GPtrArray *items, GstKandyToVariant to_variant)
{
  reply->list_name = name;
  reply->list = items;
  reply->to_variant = to_variant;
}

void
gst_kandy_ask_insert_list (GstKandyReply *reply, const char *name,
    GListModel *model, GstKandyToVariant to_variant)
{
  GPtrArray *items = g_ptr_array_new_with_free_func (g_object_unref);
  guint n = model != NULL ? g_list_model_get_n_items (model) : 0, i;

  for (i = 0; i < n; i++)
    g_ptr_array_add (items, g_list_model_get_item (model, i));
  gst_kandy_ask_insert_items (reply, name, items, to_variant);
}

void
gst_kandy_ask_answer (GstKandyAsk *ask, GstKandyReply *reply)
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
  g_auto (GstKandyReply) reply = GST_KANDY_REPLY_INIT;
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
