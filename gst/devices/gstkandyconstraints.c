/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandyconstraints.h"

#include <math.h>

/**
 * SECTION:gstkandyconstraints
 * @title: GstKandyConstraints
 * @short_description: what is wanted of a device
 *
 * Chooses a device and its caps as browsers do (W3C Media Capture and Streams,
 * SelectSettings): what is exact has to be met, of the rest the smallest
 * distance to what is ideal wins. Without a wish that is 640x480 at 30 Hz.
 * What has a single value is ideal, but for the device: who names one does not
 * want to be heard from another.
 */

GST_DEBUG_CATEGORY_STATIC (kandy_constraints_debug);
#define GST_CAT_DEFAULT ensure_category ()

typedef enum { DEVICE_ID, WIDTH, HEIGHT, FRAME_RATE, N_CONSTRAINTS } Name;

static const struct {
  const char *field;    /* of the structure */
  const char *document; /* in the API document */
  const char *caps;     /* (nullable) */
  double usual;
} names[] = {
  [DEVICE_ID] = { "device-id", "deviceId", NULL, 0 },
  [WIDTH] = { "width", "width", "width", 640 },
  [HEIGHT] = { "height", "height", "height", 480 },
  [FRAME_RATE] = { "frame-rate", "frameRate", "framerate", 30 },
};

/* 30000/1001 counts as 30 */
#define TOLERANCE 0.005
/* What nobody has asked for matters only when nothing else does */
#define USUAL_WEIGHT 0.001

typedef struct {
  gboolean set;
  gboolean exact;
  double number;
  char *text; /* of DEVICE_ID */
} Constraint;

typedef Constraint Constraints[N_CONSTRAINTS];

static GstDebugCategory *
ensure_category (void)
{
  static gsize done = 0;

  if (g_once_init_enter (&done)) {
    GST_DEBUG_CATEGORY_INIT (kandy_constraints_debug, "kandyconstraints", 0,
        "what is wanted of a device");
    g_once_init_leave (&done, 1);
  }
  return kandy_constraints_debug;
}

static void
constraints_clear (Constraint *constraints)
{
  guint i;

  for (i = 0; i < N_CONSTRAINTS; i++)
    g_free (constraints[i].text);
}

static gboolean
take_number (const GValue *value, double *number)
{
  if (G_VALUE_HOLDS_STRING (value)) {
    const char *text = g_value_get_string (value);
    char *end = NULL;

    if (text == NULL || *text == '\0')
      return FALSE;
    *number = g_ascii_strtod (text, &end);
    if (*end == '/') {
      double divisor = g_ascii_strtod (end + 1, &end);

      *number /= divisor;
    }
    if (*end != '\0')
      return FALSE;
  } else if (GST_VALUE_HOLDS_FRACTION (value)) {
    *number = (double) gst_value_get_fraction_numerator (value)
        / gst_value_get_fraction_denominator (value);
  } else {
    GValue as_double = G_VALUE_INIT;

    g_value_init (&as_double, G_TYPE_DOUBLE);
    if (!g_value_transform (value, &as_double))
      return FALSE;
    *number = g_value_get_double (&as_double);
  }
  return isfinite (*number) && *number > 0 && *number <= G_MAXINT;
}

static gboolean
take_value (Constraint *constraint, Name name, const GValue *value)
{
  if (name != DEVICE_ID)
    return take_number (value, &constraint->number);
  if (!G_VALUE_HOLDS_STRING (value) || g_value_get_string (value) == NULL)
    return FALSE;
  constraint->text = g_value_dup_string (value);
  return TRUE;
}

static gboolean
take_constraint (Constraint *constraint, Name name, const GValue *value)
{
  const GstStructure *parts;
  const GValue *exact, *ideal;

  constraint->set = TRUE;
  if (!GST_VALUE_HOLDS_STRUCTURE (value)) {
    constraint->exact = name == DEVICE_ID;
    return take_value (constraint, name, value);
  }
  parts = gst_value_get_structure (value);
  exact = gst_structure_get_value (parts, "exact");
  ideal = gst_structure_get_value (parts, "ideal");
  if (exact == NULL && ideal == NULL)
    return FALSE;
  constraint->exact = exact != NULL;
  return take_value (constraint, name, exact != NULL ? exact : ideal);
}

/* @constraints: zeroed */
static gboolean
parse (const GstStructure *structure, Constraint *constraints, GError **error)
{
  int i, n = structure != NULL ? gst_structure_n_fields (structure) : 0;
  guint k;

  for (i = 0; i < n; i++) {
    const char *field = gst_structure_nth_field_name (structure, i);

    for (k = 0; k < N_CONSTRAINTS; k++)
      if (g_str_equal (field, names[k].field)
          || g_str_equal (field, names[k].document))
        break;
    if (k == N_CONSTRAINTS) {
      g_propagate_error (error,
          kandy_error_new (KANDY_ERROR_INVALID_PARAM, "call:7", 0,
              "\"%s\" is no constraint; there are device-id, width, height and "
              "frame-rate.",
              field));
      return FALSE;
    }
    if (!take_constraint (
            &constraints[k], k, gst_structure_get_value (structure, field))) {
      g_autofree char *text = gst_structure_to_string (structure);

      g_propagate_error (error,
          kandy_error_new (KANDY_ERROR_INVALID_PARAM, "call:7", 0,
              "The constraint %s has no value that could be met: %s.", field,
              text));
      return FALSE;
    }
  }
  return TRUE;
}

static gboolean
fits_device (const Constraint *constraint, GstDevice *device)
{
  g_autofree char *id = NULL;
  g_autofree char *label = NULL;

  if (!constraint->set)
    return TRUE;
  id = gst_kandy_device_get_id (device);
  label = gst_device_get_display_name (device);
  return g_strcmp0 (constraint->text, id) == 0
      || g_strcmp0 (constraint->text, label) == 0;
}

static double
fraction_to_double (const GValue *value)
{
  return (double) gst_value_get_fraction_numerator (value)
      / gst_value_get_fraction_denominator (value);
}

/* The value of @value, which may be a range or a list, that is next to
 * @number; as a GValue in @nearest, unset before */
static gboolean
find_nearest (const GValue *value, double number, GValue *nearest)
{
  double best = G_MAXDOUBLE;
  guint i;

  if (GST_VALUE_HOLDS_LIST (value)) {
    for (i = 0; i < gst_value_list_get_size (value); i++) {
      GValue item = G_VALUE_INIT;
      double actual;

      if (!find_nearest (gst_value_list_get_value (value, i), number, &item))
        continue;
      actual = G_VALUE_HOLDS_INT (&item) ? g_value_get_int (&item)
                                         : fraction_to_double (&item);
      if (fabs (actual - number) < best) {
        best = fabs (actual - number);
        if (G_IS_VALUE (nearest))
          g_value_unset (nearest);
        *nearest = item;
      } else {
        g_value_unset (&item);
      }
    }
    return best < G_MAXDOUBLE;
  }
  if (GST_VALUE_HOLDS_INT_RANGE (value)) {
    int min = gst_value_get_int_range_min (value);
    int max = gst_value_get_int_range_max (value);
    int step = MAX (gst_value_get_int_range_step (value), 1);
    int steps = (int) round ((CLAMP (number, min, max) - min) / step);

    g_value_init (nearest, G_TYPE_INT);
    g_value_set_int (nearest, MIN (min + steps * step, max));
    return TRUE;
  }
  if (GST_VALUE_HOLDS_FRACTION_RANGE (value)) {
    const GValue *min = gst_value_get_fraction_range_min (value);
    const GValue *max = gst_value_get_fraction_range_max (value);

    g_value_init (nearest, GST_TYPE_FRACTION);
    if (number <= fraction_to_double (min)) {
      g_value_copy (min, nearest);
    } else if (number >= fraction_to_double (max)) {
      g_value_copy (max, nearest);
    } else {
      int n, d;

      gst_util_double_to_fraction (number, &n, &d);
      gst_value_set_fraction (nearest, n, d);
    }
    return TRUE;
  }
  if (G_VALUE_HOLDS_INT (value) || GST_VALUE_HOLDS_FRACTION (value)) {
    g_value_init (nearest, G_VALUE_TYPE (value));
    g_value_copy (value, nearest);
    return TRUE;
  }
  return FALSE;
}

/* How far @s is from what is wanted, or a negative value if it cannot be had;
 * fixes what is wanted in @fixed, a copy of @s */
static double
measure (
    const Constraint *constraints, const GstStructure *s, GstStructure *fixed)
{
  double distance = 0;
  guint i;

  for (i = WIDTH; i < N_CONSTRAINTS; i++) {
    const GValue *offered = gst_structure_get_value (s, names[i].caps);
    double wanted = constraints[i].set ? constraints[i].number : names[i].usual;
    GValue nearest = G_VALUE_INIT;
    double actual, step;

    if (offered == NULL) {
      /* any: it is told what to do */
      if (constraints[i].set && i == FRAME_RATE) {
        int n, d;

        gst_util_double_to_fraction (wanted, &n, &d);
        gst_structure_set (fixed, names[i].caps, GST_TYPE_FRACTION, n, d, NULL);
      } else if (constraints[i].set) {
        gst_structure_set (
            fixed, names[i].caps, G_TYPE_INT, (int) round (wanted), NULL);
      }
      continue;
    }
    if (!find_nearest (offered, wanted, &nearest))
      return -1;
    actual = G_VALUE_HOLDS_INT (&nearest) ? g_value_get_int (&nearest)
                                          : fraction_to_double (&nearest);
    gst_structure_take_value (fixed, names[i].caps, &nearest);
    step = fabs (actual - wanted) / MAX (actual, wanted);
    if (constraints[i].set && constraints[i].exact && step > TOLERANCE)
      return -1;
    distance += constraints[i].set ? step : step * USUAL_WEIGHT;
  }
  return distance;
}

static gboolean
is_usable (const GstCaps *caps, guint i, KandyMediaKind kind)
{
  const GstStructure *s = gst_caps_get_structure (caps, i);

  if (kind == KANDY_MEDIA_KIND_AUDIO)
    return gst_structure_has_name (s, "audio/x-raw");
  /* many cameras do their larger pictures and higher rates only so */
  if (gst_structure_has_name (s, "image/jpeg"))
    return TRUE;
  return gst_structure_has_name (s, "video/x-raw")
      && (gst_caps_get_features (caps, i) == NULL
          || gst_caps_features_is_equal (gst_caps_get_features (caps, i),
              GST_CAPS_FEATURES_MEMORY_SYSTEM_MEMORY));
}

/* The best of what the device offers; negative if nothing fits */
static double
measure_device (const Constraint *constraints, KandyMediaKind kind,
    GstDevice *device, GstCaps **best_caps)
{
  g_autoptr (GstCaps) caps = gst_device_get_caps (device);
  double best = -1;
  guint i;

  if (caps == NULL || gst_caps_is_any (caps) || gst_caps_is_empty (caps)) {
    gst_clear_caps (&caps);
    caps = gst_caps_new_empty_simple (
        kind == KANDY_MEDIA_KIND_AUDIO ? "audio/x-raw" : "video/x-raw");
  }
  for (i = 0; i < gst_caps_get_size (caps); i++) {
    const GstStructure *s = gst_caps_get_structure (caps, i);
    GstStructure *fixed;
    double distance = 0;

    if (!is_usable (caps, i, kind))
      continue;
    fixed = gst_structure_copy (s);
    if (kind == KANDY_MEDIA_KIND_VIDEO)
      distance = measure (constraints, s, fixed);
    if (distance < 0 || (best >= 0 && distance >= best)) {
      gst_structure_free (fixed);
      continue;
    }
    best = distance;
    gst_clear_caps (best_caps);
    *best_caps = gst_caps_new_full (fixed, NULL);
  }
  return best;
}

static GstDevice *
choose (const Constraint *constraints, KandyMediaKind kind, GPtrArray *devices,
    GstCaps **best_caps)
{
  GstDevice *best = NULL;
  double least = G_MAXDOUBLE;
  guint i;

  for (i = 0; i < devices->len; i++) {
    GstDevice *device = g_ptr_array_index (devices, i);
    gboolean fits = fits_device (&constraints[DEVICE_ID], device);
    g_autoptr (GstCaps) caps = NULL;
    double distance;

    if (!fits && constraints[DEVICE_ID].exact)
      continue;
    distance = measure_device (constraints, kind, device, &caps);
    if (distance < 0)
      continue;
    /* W3C: a text that is not met is a distance of 1 */
    distance += fits ? 0 : 1;
    if (distance < least) {
      least = distance;
      best = device;
      gst_caps_replace (best_caps, caps);
    }
  }
  return best;
}

/* Which exact constraint is to be blamed */
static const char *
find_culprit (
    const Constraint *constraints, KandyMediaKind kind, GPtrArray *devices)
{
  const char *last = NULL;
  guint i;

  for (i = 0; i < N_CONSTRAINTS; i++) {
    Constraints alone = { { FALSE } };
    g_autoptr (GstCaps) caps = NULL;

    if (!constraints[i].set || !constraints[i].exact)
      continue;
    last = names[i].document;
    alone[i] = constraints[i];
    if (choose (alone, kind, devices, &caps) == NULL)
      break;
  }
  return last;
}

/**
 * gst_kandy_constraints_check:
 * @constraints: (nullable): constraints
 * @error: return location for an error
 *
 * Returns: %FALSE with `call:7` if there is a field that is no constraint, or a
 *   value that cannot be one
 */
gboolean
gst_kandy_constraints_check (const GstStructure *constraints, GError **error)
{
  Constraints parsed = { { FALSE } };
  gboolean good = parse (constraints, parsed, error);

  constraints_clear (parsed);
  return good;
}

/**
 * gst_kandy_constraints_choose:
 * @constraints: (nullable): what is wanted
 * @kind: of the devices
 * @devices: (element-type GstDevice): those that there are, best first
 * @caps: (out) (transfer full) (nullable): what to demand of the device, with
 *   the sizes that are wanted fixed
 * @error: return location for an error
 *
 * Chooses the device that meets what is exact and comes closest to what is
 * ideal. API document: `call.MediaConstraint`.
 *
 * Returns: (transfer full) (nullable): the device; %NULL with `call:7` for
 *   constraints that make no sense, with `call:4` if nothing fits
 */
GstDevice *
gst_kandy_constraints_choose (const GstStructure *constraints,
    KandyMediaKind kind, GPtrArray *devices, GstCaps **caps, GError **error)
{
  Constraints parsed = { { FALSE } };
  g_autoptr (GstCaps) chosen = NULL;
  GstDevice *device = NULL;
  const char *culprit;

  g_return_val_if_fail (devices != NULL, NULL);
  g_return_val_if_fail (caps != NULL, NULL);

  *caps = NULL;
  if (!parse (constraints, parsed, error)) {
    constraints_clear (parsed);
    return NULL;
  }
  device = choose (parsed, kind, devices, &chosen);
  if (device != NULL) {
    GST_INFO_OBJECT (device,
        "chosen with %" GST_PTR_FORMAT " for %" GST_PTR_FORMAT, chosen,
        constraints);
    *caps = g_steal_pointer (&chosen);
    gst_object_ref (device);
  } else {
    culprit = devices->len > 0 ? find_culprit (parsed, kind, devices) : NULL;
    /* protocol calls 3.6 */
    if (culprit != NULL)
      g_propagate_error (error,
          kandy_error_new (KANDY_ERROR_MEDIA, "call:4", 0,
              "Failed to get media due to constraint: %s.", culprit));
    else
      g_propagate_error (error,
          gst_kandy_device_error (KANDY_ERROR_MEDIA, "NotFoundError",
              "There is no %s.",
              kind == KANDY_MEDIA_KIND_AUDIO ? "microphone" : "camera"));
  }
  constraints_clear (parsed);
  return device;
}

/**
 * gst_kandy_constraints_to_caps:
 * @constraints: (nullable): what is wanted
 * @rate: pictures per second if it does not say
 *
 * Returns: (transfer full): video/x-raw caps for a source that can do all
 */
GstCaps *
gst_kandy_constraints_to_caps (const GstStructure *constraints, guint rate)
{
  Constraints parsed = { { FALSE } };
  GstStructure *fixed = gst_structure_new (
      "video/x-raw", "framerate", GST_TYPE_FRACTION, (int) rate, 1, NULL);
  g_autoptr (GstStructure) any = gst_structure_new_empty ("video/x-raw");

  if (parse (constraints, parsed, NULL))
    measure (parsed, any, fixed);
  constraints_clear (parsed);
  return gst_caps_new_full (fixed, NULL);
}
