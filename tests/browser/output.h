/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include <json-glib/json-glib.h>

/* Lines of JSON on the standard output. */

/* (transfer full): an open object with "event" and "time", wall-clock ms */
JsonBuilder *output_new_event (const char *name);
/* Members of the open object. @value: (nullable) */
void output_add_string (JsonBuilder *builder, const char *name,
    const char *value);
void output_add_double (JsonBuilder *builder, const char *name, double value);
/* Values */
void output_add_value (JsonBuilder *builder, const GValue *value);
void output_add_structure (JsonBuilder *builder,
    const GstStructure *structure);
/* Closes the object and prints it as one line. On the main thread */
void output_print (JsonBuilder *builder);
/* As that, from any thread. @builder: (transfer full) */
void output_tell (JsonBuilder *builder);
