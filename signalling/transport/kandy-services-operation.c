/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-services-operation.h"

#include "kandy-config-schema.h"
#include "kandy-error.h"

static void
params_free (gpointer params)
{
  if (params)
    g_variant_unref (params);
}

static void
operation_clear (gpointer data)
{
  KandyOperation *self = data;

  kandy_operation_clear_timer (self);
  g_ptr_array_unref (self->names);
  g_ptr_array_unref (self->params);
  g_ptr_array_unref (self->errors);
  g_hash_table_unref (self->pending);
  g_clear_object (&self->task);
  g_free (self->type);
}

/* A name, or a descriptor {service, params?} */
static gboolean
add_service (KandyOperation *self, GVariant *boxed)
{
  g_autoptr (GVariant) value = kandy_variant_unbox (boxed);
  GVariant *params = NULL;
  char *name = NULL;

  if (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING)) {
    name = g_variant_dup_string (value, NULL);
  } else if (g_variant_is_of_type (value, G_VARIANT_TYPE_VARDICT)) {
    g_variant_lookup (value, "service", "s", &name);
    params = g_variant_lookup_value (value, "params", G_VARIANT_TYPE_VARDICT);
  }
  if (!name) {
    g_clear_pointer (&params, g_variant_unref);
    return FALSE;
  }
  g_ptr_array_add (self->names, name);
  g_ptr_array_add (self->params, params);
  return TRUE;
}

KandyOperation *
kandy_operation_new (KandyOperationKind kind, GVariant *services,
    const char *type, GError **error)
{
  KandyOperation *self = g_atomic_rc_box_new0 (KandyOperation);
  gboolean valid = services
      && g_variant_is_of_type (services, G_VARIANT_TYPE_ARRAY)
      && !g_variant_is_of_type (services, G_VARIANT_TYPE_DICTIONARY);
  gsize n = valid ? g_variant_n_children (services) : 0, i;

  self->kind = kind;
  self->type = g_strdup (type ? type : "websocket");
  self->names = g_ptr_array_new_with_free_func (g_free);
  self->params = g_ptr_array_new_with_free_func (params_free);
  self->pending = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->errors = g_ptr_array_new_with_free_func ((GDestroyNotify) g_error_free);
  for (i = 0; i < n && valid; i++) {
    g_autoptr (GVariant) child = g_variant_get_child_value (services, i);

    valid = add_service (self, child);
  }
  if (valid)
    return self;
  kandy_operation_unref (self);
  g_propagate_error (error,
      kandy_error_new (KANDY_ERROR_INVALID_PARAM, "BAD_INPUT", 0,
          "Services have to be an array of names, or of objects with a member "
          "service"));
  return NULL;
}

KandyOperation *
kandy_operation_ref (KandyOperation *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
kandy_operation_unref (KandyOperation *self)
{
  g_atomic_rc_box_release_full (self, operation_clear);
}

void
kandy_operation_clear_timer (KandyOperation *self)
{
  if (self->timer) {
    g_source_destroy (self->timer);
    g_clear_pointer (&self->timer, g_source_unref);
  }
}

void
kandy_operation_answer (KandyOperation *self, GError *error)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->task);

  if (!task)
    g_clear_error (&error);
  else if (error)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}
