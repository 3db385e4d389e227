/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kl-private.h"

/* The faults that a test orders, and the policies that it bends. The
 * vocabulary is described at KandyLoopback in kandy-loopback.h. */

typedef enum {
  BOOLEAN,
  NUMBER,
  STRING,
} PolicyType;

typedef struct {
  const char *name;
  PolicyType type;
  gsize offset;
  gint64 initial;
  gint64 minimum;
  gint64 maximum;
} Policy;

#define DAY_MS (24 * 3600 * 1000)
#define FIELD(name) G_STRUCT_OFFSET (KlPolicies, name)

static const Policy policy_table[] = {
  { "muteAcks", BOOLEAN, FIELD (mute_acks), FALSE },
  { "mutePings", BOOLEAN, FIELD (mute_pings), FALSE },
  { "pingInterval", NUMBER, FIELD (ping_interval), 30000, 10, DAY_MS },
  { "maxMissedPings", NUMBER, FIELD (max_missed_pings), 3, 1, 1000 },
  { "tokenLifetime", NUMBER, FIELD (token_lifetime), 28800, 0, 31536000 },
  { "refreshLifetime", NUMBER, FIELD (refresh_lifetime), 57600, 0, 31536000 },
  { "channelLifetime", NUMBER, FIELD (channel_lifetime), 3600, 1, 86400 },
  { "channelLifetimeMax", NUMBER, FIELD (channel_lifetime_max), 86400, 1,
      86400 },
  { "queueLength", NUMBER, FIELD (queue_length), 1000, 0, 10000 },
  { "queueWhileAway", BOOLEAN, FIELD (queue_while_away), TRUE },
  { "busy", BOOLEAN, FIELD (busy), FALSE },
  { "ringing", BOOLEAN, FIELD (ringing), TRUE },
  { "slowStart", BOOLEAN, FIELD (slow_start), FALSE },
  { "auditGone", BOOLEAN, FIELD (audit_gone), FALSE },
  { "noAnswer", NUMBER, FIELD (no_answer), 60000, 0, DAY_MS },
  { "offerTimeout", NUMBER, FIELD (offer_timeout), 30000, 0, DAY_MS },
  { "relayDelay", NUMBER, FIELD (relay_delay), 0, 0, 60000 },
  { "reaper", NUMBER, FIELD (reaper), 75000, 0, DAY_MS },
  { "turn", BOOLEAN, FIELD (turn), TRUE },
  { "turnUsername", STRING, FIELD (turn_username) },
  { "turnPassword", STRING, FIELD (turn_password) },
  { "turnSecret", STRING, FIELD (turn_secret) },
  { "turnLifetime", NUMBER, FIELD (turn_lifetime), 86400, 1, 31536000 },
  { "presenceLifetime", NUMBER, FIELD (presence_lifetime), 86400, 1, 86400 },
  { "onThePhone", BOOLEAN, FIELD (on_the_phone), TRUE },
  { "attachmentMax", NUMBER, FIELD (attachment_max), 10485760, 0, 1073741824 },
  { "smsReceipts", BOOLEAN, FIELD (sms_receipts), TRUE },
};

static gint64 *
number_of (const KlPolicies *policies, const Policy *policy)
{
  return (gint64 *) G_STRUCT_MEMBER_P (policies, policy->offset);
}

static char **
string_of (const KlPolicies *policies, const Policy *policy)
{
  return (char **) G_STRUCT_MEMBER_P (policies, policy->offset);
}

void
kl_policies_init (KlPolicies *policies)
{
  guint i;

  memset (policies, 0, sizeof *policies);
  for (i = 0; i < G_N_ELEMENTS (policy_table); i++) {
    if (policy_table[i].type != STRING)
      *number_of (policies, &policy_table[i]) = policy_table[i].initial;
  }
}

void
kl_policies_clear (KlPolicies *policies)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (policy_table); i++) {
    if (policy_table[i].type == STRING)
      g_clear_pointer (string_of (policies, &policy_table[i]), g_free);
  }
}

void
kl_policies_copy (KlPolicies *to, const KlPolicies *from)
{
  guint i;

  if (to == from)
    return;
  kl_policies_clear (to);
  *to = *from;
  for (i = 0; i < G_N_ELEMENTS (policy_table); i++) {
    if (policy_table[i].type == STRING)
      *string_of (to, &policy_table[i]) =
          g_strdup (*string_of (from, &policy_table[i]));
  }
}

static gboolean
fail (GError **error, const char *name, const char *wanted)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "\"%s\" %s",
      name, wanted);
  return FALSE;
}

static gboolean
get_boolean (JsonNode *node, gboolean *value)
{
  if (!JSON_NODE_HOLDS_VALUE (node)
      || json_node_get_value_type (node) != G_TYPE_BOOLEAN)
    return FALSE;
  *value = json_node_get_boolean (node);
  return TRUE;
}

static const Policy *
find_policy (const char *name)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (policy_table); i++) {
    if (g_str_equal (policy_table[i].name, name))
      return &policy_table[i];
  }
  return NULL;
}

static gboolean
set_policy (KlPolicies *policies, const Policy *policy, JsonObject *values,
    GError **error)
{
  JsonNode *node = json_object_get_member (values, policy->name);
  const char *text;
  gboolean flag;
  gint64 number;

  switch (policy->type) {
    case BOOLEAN:
      if (!get_boolean (node, &flag))
        return fail (error, policy->name, "must be true or false");
      *number_of (policies, policy) = flag;
      return TRUE;
    case NUMBER:
      if (!kl_json_get_int (values, policy->name, &number)
          || number < policy->minimum || number > policy->maximum) {
        g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
            "\"%s\" must be a number from %" G_GINT64_FORMAT
            " to %" G_GINT64_FORMAT,
            policy->name, policy->minimum, policy->maximum);
        return FALSE;
      }
      *number_of (policies, policy) = number;
      return TRUE;
    case STRING:
    default:
      text = kl_json_get_string (values, policy->name);
      if (!text && !JSON_NODE_HOLDS_NULL (node))
        return fail (error, policy->name, "must be a string or null");
      g_free (*string_of (policies, policy));
      *string_of (policies, policy) = g_strdup (text);
      return TRUE;
  }
}

/* Sets all of them or none */
gboolean
kl_policies_set (KlPolicies *policies, JsonObject *values, GError **error)
{
  KlPolicies changed = { 0 };
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  kl_policies_copy (&changed, policies);
  json_object_iter_init (&iter, values);
  while (json_object_iter_next (&iter, &name, &node)) {
    const Policy *policy = find_policy (name);

    if (policy ? !set_policy (&changed, policy, values, error)
               : !fail (error, name, "is not a policy")) {
      kl_policies_clear (&changed);
      return FALSE;
    }
  }
  kl_policies_clear (policies);
  *policies = changed;
  return TRUE;
}

JsonObject *
kl_policies_to_json (const KlPolicies *policies)
{
  JsonObject *object = json_object_new ();
  guint i;

  for (i = 0; i < G_N_ELEMENTS (policy_table); i++) {
    const Policy *policy = &policy_table[i];

    if (policy->type == BOOLEAN)
      json_object_set_boolean_member (
          object, policy->name, *number_of (policies, policy) != 0);
    else if (policy->type == NUMBER)
      json_object_set_int_member (
          object, policy->name, *number_of (policies, policy));
  }
  return object;
}

KlFault *
kl_fault_ref (KlFault *fault)
{
  g_ref_count_inc (&fault->refs);
  return fault;
}

void
kl_fault_unref (KlFault *fault)
{
  if (!g_ref_count_dec (&fault->refs))
    return;
  g_free (fault->method);
  g_free (fault->path);
  g_free (fault->user);
  g_free (fault->type);
  g_free (fault->event);
  g_free (fault->body);
  g_free (fault->content_type);
  g_clear_pointer (&fault->headers, json_object_unref);
  g_free (fault->sdp);
  g_strfreev (fault->remove);
  g_clear_pointer (&fault->set, json_object_unref);
  g_free (fault->frame);
  g_free (fault);
}

static gboolean
read_string (JsonObject *object, const char *name, char **value, GError **error)
{
  const char *text = kl_json_get_string (object, name);

  if (!text)
    return fail (error, name, "must be a string");
  g_free (*value);
  *value = g_strdup (text);
  return TRUE;
}

static gboolean
read_number (JsonObject *object, const char *name, gint64 maximum,
    gint64 *value, GError **error)
{
  if (kl_json_get_int (object, name, value) && *value >= 0 && *value <= maximum)
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
      "\"%s\" must be a number from 0 to %" G_GINT64_FORMAT, name, maximum);
  return FALSE;
}

static gboolean
read_object (
    JsonObject *object, const char *name, JsonObject **value, GError **error)
{
  JsonObject *inner = kl_json_get_object (object, name);

  if (!inner)
    return fail (error, name, "must be an object");
  g_clear_pointer (value, json_object_unref);
  *value = json_object_ref (inner);
  return TRUE;
}

static gboolean
read_strings (JsonNode *node, const char *name, char ***value, GError **error)
{
  g_autoptr (GPtrArray) strings = g_ptr_array_new_with_free_func (g_free);
  JsonArray *array;
  guint i;

  if (!JSON_NODE_HOLDS_ARRAY (node))
    return fail (error, name, "must be an array of strings");
  array = json_node_get_array (node);
  for (i = 0; i < json_array_get_length (array); i++) {
    JsonNode *element = json_array_get_element (array, i);

    if (!JSON_NODE_HOLDS_VALUE (element)
        || json_node_get_value_type (element) != G_TYPE_STRING)
      return fail (error, name, "must be an array of strings");
    g_ptr_array_add (strings, json_node_dup_string (element));
  }
  g_ptr_array_add (strings, NULL);
  g_strfreev (*value);
  *value = (char **) g_ptr_array_steal (strings, NULL);
  return TRUE;
}

/* The body is text, or an object that is sent as JSON */
static gboolean
read_body (KlFault *fault, JsonNode *node, GError **error)
{
  g_free (fault->body);
  fault->body = NULL;
  if (JSON_NODE_HOLDS_OBJECT (node) || JSON_NODE_HOLDS_ARRAY (node)) {
    fault->body = json_to_string (node, FALSE);
  } else if (JSON_NODE_HOLDS_VALUE (node)
      && json_node_get_value_type (node) == G_TYPE_STRING) {
    fault->body = json_node_dup_string (node);
  } else {
    return fail (error, "body", "must be text, an object or an array");
  }
  return TRUE;
}

static gboolean
read_member (KlFault *fault, JsonObject *object, const char *name,
    JsonNode *node, GError **error)
{
  gint64 number = 0;

  if (g_str_equal (name, "on"))
    return TRUE;
  if (g_str_equal (name, "user"))
    return read_string (object, name, &fault->user, error);
  if (g_str_equal (name, "drop"))
    return get_boolean (node, &fault->drop)
        || fail (error, name, "must be true or false");
  if (g_str_equal (name, "skip")) {
    if (!read_number (object, name, G_MAXINT, &number, error))
      return FALSE;
    fault->skip = number;
    return TRUE;
  }
  if (g_str_equal (name, "count")) {
    if (!read_number (object, name, G_MAXINT, &number, error))
      return FALSE;
    fault->count = number;
    return TRUE;
  }
  if (g_str_equal (name, "delay")) {
    if (!read_number (object, name, 600000, &number, error))
      return FALSE;
    fault->delay = number;
    return TRUE;
  }

  if (fault->kind == KL_FAULT_NOTIFICATION) {
    if (g_str_equal (name, "type"))
      return read_string (object, name, &fault->type, error);
    if (g_str_equal (name, "event"))
      return read_string (object, name, &fault->event, error);
    if (g_str_equal (name, "sdp"))
      return read_string (object, name, &fault->sdp, error);
    if (g_str_equal (name, "frame"))
      return read_string (object, name, &fault->frame, error);
    if (g_str_equal (name, "reorder"))
      return get_boolean (node, &fault->reorder)
          || fail (error, name, "must be true or false");
    if (g_str_equal (name, "duplicate")) {
      if (!read_number (object, name, 100, &number, error))
        return FALSE;
      fault->duplicate = number;
      return TRUE;
    }
    if (g_str_equal (name, "remove"))
      return read_strings (node, name, &fault->remove, error);
    if (g_str_equal (name, "set"))
      return read_object (object, name, &fault->set, error);
    return fail (error, name, "is not a member of a notification fault");
  }

  if (g_str_equal (name, "hang"))
    return get_boolean (node, &fault->hang)
        || fail (error, name, "must be true or false");
  if (g_str_equal (name, "status")) {
    if (!read_number (object, name, 599, &number, error))
      return FALSE;
    if (number < 200)
      return fail (error, name, "must be a status from 200 to 599");
    fault->status = number;
    return TRUE;
  }
  if (g_str_equal (name, "body"))
    return read_body (fault, node, error);
  if (g_str_equal (name, "contentType"))
    return read_string (object, name, &fault->content_type, error);
  if (g_str_equal (name, "headers"))
    return read_object (object, name, &fault->headers, error);
  if (fault->kind == KL_FAULT_REQUEST) {
    if (g_str_equal (name, "method"))
      return read_string (object, name, &fault->method, error);
    if (g_str_equal (name, "path"))
      return read_string (object, name, &fault->path, error);
    if (g_str_equal (name, "after"))
      return get_boolean (node, &fault->after)
          || fail (error, name, "must be true or false");
  }
  return fail (error, name, "is not a member of such a fault");
}

static KlFault *
read_fault (JsonObject *object, GError **error)
{
  const char *on = kl_json_get_string (object, "on");
  g_autoptr (KlFault) fault = g_new0 (KlFault, 1);
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  g_ref_count_init (&fault->refs);
  fault->count = G_MAXUINT64;
  if (g_strcmp0 (on, "request") == 0) {
    fault->kind = KL_FAULT_REQUEST;
  } else if (g_strcmp0 (on, "notification") == 0) {
    fault->kind = KL_FAULT_NOTIFICATION;
  } else if (g_strcmp0 (on, "upgrade") == 0) {
    fault->kind = KL_FAULT_UPGRADE;
  } else {
    fail (error, "on", "must be request, notification or upgrade");
    return NULL;
  }
  json_object_iter_init (&iter, object);
  while (json_object_iter_next (&iter, &name, &node)) {
    if (!read_member (fault, object, name, node, error))
      return NULL;
  }
  return g_steal_pointer (&fault);
}

static gboolean
set_one (KandyLoopback *self, JsonNode *node, GError **error)
{
  JsonObject *object;
  JsonObject *policies;
  KlFault *fault;

  if (!JSON_NODE_HOLDS_OBJECT (node))
    return fail (error, "fault", "must be an object");
  object = json_node_get_object (node);

  if (!json_object_has_member (object, "on")) {
    policies = kl_json_get_object (object, "set");
    if (!policies)
      return fail (error, "on", "(or an object \"set\") is missing");
    if (json_object_get_size (object) != 1)
      return fail (error, "set", "stands alone");
    if (!kl_policies_set (&self->policies, policies, error))
      return FALSE;
    kl_sessions_reschedule (self);
    return TRUE;
  }

  if (self->faults->len >= KL_MAX_FAULTS)
    return fail (error, "on", "comes too late: there are too many faults");
  fault = read_fault (object, error);
  if (!fault)
    return FALSE;
  g_ptr_array_add (self->faults, fault);
  return TRUE;
}

/* node: a fault, or an array of faults */
gboolean
kl_faults_set (KandyLoopback *self, JsonNode *node, GError **error)
{
  JsonArray *array;
  guint i;

  if (!JSON_NODE_HOLDS_ARRAY (node))
    return set_one (self, node, error);
  array = json_node_get_array (node);
  for (i = 0; i < json_array_get_length (array); i++) {
    if (!set_one (self, json_array_get_element (array, i), error))
      return FALSE;
  }
  return TRUE;
}

void
kl_faults_clear (KandyLoopback *self)
{
  g_ptr_array_set_size (self->faults, 0);
  kl_policies_copy (&self->policies, &self->configured);
  kl_sessions_reschedule (self);
}

static gboolean
is_hit (KlFault *fault, const char *method_or_type, const char *path_or_event,
    KlAccount *account)
{
  if (fault->user
      && (!account
          || (g_ascii_strcasecmp (fault->user, account->address) != 0
              && !g_str_equal (fault->user, account->id))))
    return FALSE;

  switch (fault->kind) {
    case KL_FAULT_REQUEST:
      return (!fault->method || g_str_equal (fault->method, "*")
                 || g_ascii_strcasecmp (fault->method, method_or_type) == 0)
          && (!fault->path || strstr (path_or_event, fault->path));
    case KL_FAULT_NOTIFICATION:
      return (!fault->type || g_str_equal (fault->type, method_or_type))
          && (!fault->event || g_strcmp0 (fault->event, path_or_event) == 0);
    case KL_FAULT_UPGRADE:
    default:
      return TRUE;
  }
}

/* The first fault that matches and is not used up. Uses it once. */
KlFault *
kl_faults_match (KandyLoopback *self, KlFaultKind kind,
    const char *method_or_type, const char *path_or_event, KlAccount *account)
{
  guint i;

  for (i = 0; i < self->faults->len; i++) {
    KlFault *fault = g_ptr_array_index (self->faults, i);

    if (fault->kind != kind || fault->count == 0
        || !is_hit (fault, method_or_type, path_or_event, account))
      continue;
    if (fault->skip > 0) {
      fault->skip--;
      continue;
    }
    fault->count--;
    fault = kl_fault_ref (fault);
    if (fault->count == 0)
      g_ptr_array_remove_index (self->faults, i);
    return fault;
  }
  return NULL;
}
