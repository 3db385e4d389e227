/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "kandy-presence-private.h"

#include "kandy-json.h"

/**
 * KandyPresenceStatus:
 *
 * Whether one user can be reached, and what that user is about (API document:
 * `presence.PresenceStatus`). It changes as the platform tells of changes, with
 * notifications of its properties.
 */

struct _KandyPresenceStatus {
  GObject parent_instance;

  char *user_id;
  char *status;
  char *activity;
  char *note;
  gboolean loading;
};

enum {
  PROP_0,
  PROP_USER_ID,
  PROP_STATUS,
  PROP_ACTIVITY,
  PROP_NOTE,
  PROP_LOADING,
  N_PROPS,
};

static GParamSpec *props[N_PROPS];

G_DEFINE_FINAL_TYPE (KandyPresenceStatus, kandy_presence_status, G_TYPE_OBJECT)

static void
set_string (
    KandyPresenceStatus *self, char **place, const char *value, guint prop)
{
  if (g_strcmp0 (*place, value) == 0)
    return;
  g_free (*place);
  *place = g_strdup (value);
  g_object_notify_by_pspec (G_OBJECT (self), props[prop]);
}

static void
kandy_presence_status_get_property (
    GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  KandyPresenceStatus *self = KANDY_PRESENCE_STATUS (object);

  switch (prop_id) {
    case PROP_USER_ID:
      g_value_set_string (value, self->user_id);
      break;
    case PROP_STATUS:
      g_value_set_string (value, self->status);
      break;
    case PROP_ACTIVITY:
      g_value_set_string (value, self->activity);
      break;
    case PROP_NOTE:
      g_value_set_string (value, self->note);
      break;
    case PROP_LOADING:
      g_value_set_boolean (value, self->loading);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
kandy_presence_status_finalize (GObject *object)
{
  KandyPresenceStatus *self = KANDY_PRESENCE_STATUS (object);

  g_free (self->user_id);
  g_free (self->status);
  g_free (self->activity);
  g_free (self->note);

  G_OBJECT_CLASS (kandy_presence_status_parent_class)->finalize (object);
}

static void
kandy_presence_status_class_init (KandyPresenceStatusClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = kandy_presence_status_get_property;
  object_class->finalize = kandy_presence_status_finalize;

  /**
   * KandyPresenceStatus:user-id:
   *
   * Whose presence it is: a User ID in lower case. The user's own one has %NULL
   * before tokens are set.
   */
  props[PROP_USER_ID] = g_param_spec_string ("user-id", "User ID",
      "Whose presence it is", NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  /**
   * KandyPresenceStatus:status:
   *
   * %KANDY_PRESENCE_OPEN or %KANDY_PRESENCE_CLOSED; where the platform does not
   * say which, the one that the activity stands for. %NULL as long as nothing
   * is known.
   */
  props[PROP_STATUS] = g_param_spec_string ("status", "Status",
      "Open or Closed", NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  /**
   * KandyPresenceStatus:activity:
   *
   * One of the document's activities, such as %KANDY_PRESENCE_BUSY; other words
   * of the platform's are passed on. %NULL as long as nothing is known.
   */
  props[PROP_ACTIVITY] =
      g_param_spec_string ("activity", "Activity", "What the user is about",
          NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  /**
   * KandyPresenceStatus:note:
   *
   * What the user says about the activity %KANDY_PRESENCE_ACTIVITIES_OTHER,
   * %NULL if there is nothing.
   */
  props[PROP_NOTE] =
      g_param_spec_string ("note", "Note", "What the user says about it", NULL,
          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  /**
   * KandyPresenceStatus:loading:
   *
   * Whether the platform is being asked at the moment.
   */
  props[PROP_LOADING] = g_param_spec_boolean ("loading", "Loading",
      "Whether the platform is being asked", FALSE,
      G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
kandy_presence_status_init (KandyPresenceStatus *self)
{
}

KandyPresenceStatus *
kandy_presence_status_new (const char *user_id)
{
  KandyPresenceStatus *self = g_object_new (KANDY_TYPE_PRESENCE_STATUS, NULL);

  self->user_id = user_id ? kandy_fold_address (user_id) : NULL;
  return self;
}

void
kandy_presence_status_set_user_id (
    KandyPresenceStatus *self, const char *user_id)
{
  g_autofree char *folded = user_id ? kandy_fold_address (user_id) : NULL;

  set_string (self, &self->user_id, folded, PROP_USER_ID);
}

void
kandy_presence_status_set (KandyPresenceStatus *self, const char *status,
    const char *activity, const char *note)
{
  g_object_freeze_notify (G_OBJECT (self));
  set_string (self, &self->status, status, PROP_STATUS);
  set_string (self, &self->activity, activity, PROP_ACTIVITY);
  set_string (self, &self->note, note, PROP_NOTE);
  kandy_presence_status_set_loading (self, FALSE);
  g_object_thaw_notify (G_OBJECT (self));
}

/* Protocol messaging 4.1: what an activity says about the status */
static const char *
implied_status (const char *activity)
{
  static const char *const closed[] = { KANDY_PRESENCE_BUSY,
    KANDY_PRESENCE_VACATION, NULL };

  return g_strv_contains (closed, activity) ? KANDY_PRESENCE_CLOSED
                                            : KANDY_PRESENCE_OPEN;
}

gboolean
kandy_presence_status_read (KandyPresenceStatus *self, JsonObject *presence)
{
  JsonObject *person = kandy_json_get_object (presence, "person");
  JsonObject *activities = kandy_json_get_object (person, "activities");
  const char *status = kandy_json_get_string (
      kandy_json_get_object (person, "overriding-willingness"),
      "overridingWillingnessValue");
  const char *activity = kandy_json_get_string (activities, "activityValue");

  if (!status && !activity)
    return FALSE;
  kandy_presence_status_set (self, status ? status : implied_status (activity),
      activity, kandy_json_get_string (activities, "other"));
  return TRUE;
}

void
kandy_presence_status_set_loading (KandyPresenceStatus *self, gboolean loading)
{
  if (self->loading == loading)
    return;
  self->loading = loading;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_LOADING]);
}

/**
 * kandy_presence_status_get_user_id:
 * @self: a presence
 *
 * Returns: (transfer none) (nullable): see #KandyPresenceStatus:user-id
 */
const char *
kandy_presence_status_get_user_id (KandyPresenceStatus *self)
{
  g_return_val_if_fail (KANDY_IS_PRESENCE_STATUS (self), NULL);

  return self->user_id;
}

/**
 * kandy_presence_status_get_status:
 * @self: a presence
 *
 * Returns: (transfer none) (nullable): see #KandyPresenceStatus:status
 */
const char *
kandy_presence_status_get_status (KandyPresenceStatus *self)
{
  g_return_val_if_fail (KANDY_IS_PRESENCE_STATUS (self), NULL);

  return self->status;
}

/**
 * kandy_presence_status_get_activity:
 * @self: a presence
 *
 * Returns: (transfer none) (nullable): see #KandyPresenceStatus:activity
 */
const char *
kandy_presence_status_get_activity (KandyPresenceStatus *self)
{
  g_return_val_if_fail (KANDY_IS_PRESENCE_STATUS (self), NULL);

  return self->activity;
}

/**
 * kandy_presence_status_get_note:
 * @self: a presence
 *
 * Returns: (transfer none) (nullable): see #KandyPresenceStatus:note
 */
const char *
kandy_presence_status_get_note (KandyPresenceStatus *self)
{
  g_return_val_if_fail (KANDY_IS_PRESENCE_STATUS (self), NULL);

  return self->note;
}

/**
 * kandy_presence_status_is_loading:
 * @self: a presence
 *
 * Returns: see #KandyPresenceStatus:loading
 */
gboolean
kandy_presence_status_is_loading (KandyPresenceStatus *self)
{
  g_return_val_if_fail (KANDY_IS_PRESENCE_STATUS (self), FALSE);

  return self->loading;
}

/**
 * kandy_presence_status_to_variant:
 * @self: a presence
 *
 * Gets it as the API document's `presence.PresenceStatus`: an `a{sv}` with the
 * strings `userId`, `status`, `activity` and `note`, as far as they are known,
 * and the boolean `loading`.
 *
 * Returns: (transfer full): the presence
 */
GVariant *
kandy_presence_status_to_variant (KandyPresenceStatus *self)
{
  GVariantDict dict;

  g_return_val_if_fail (KANDY_IS_PRESENCE_STATUS (self), NULL);

  g_variant_dict_init (&dict, NULL);
  kandy_variant_dict_insert_string (&dict, "userId", self->user_id);
  kandy_variant_dict_insert_string (&dict, "status", self->status);
  kandy_variant_dict_insert_string (&dict, "activity", self->activity);
  kandy_variant_dict_insert_string (&dict, "note", self->note);
  g_variant_dict_insert (&dict, "loading", "b", self->loading);
  return g_variant_ref_sink (g_variant_dict_end (&dict));
}
