/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* Devices that are not there: a provider whose microphones give a tone, whose
 * cameras give one colour, and whose speakers can be listened to. */

#define FAKE_SOUND_CAPS                                                        \
  "audio/x-raw,format=S16LE,layout=interleaved,rate=48000,channels=1"
#define FAKE_PICTURE_CAPS                                                      \
  "video/x-raw,format=I420,width=[16,1920],height=[16,1080],"                  \
  "framerate=[1/1,60/1]"

/* Once a process, before anybody asks for devices */
void fake_devices_register (void);

/* @classes: "Audio/Source" ...; @caps: what it offers; @value: frequency in Hz,
 * or colour 0xAARRGGBB; @group: (nullable) */
void fake_devices_add (const char *classes, const char *id, const char *label,
    const char *group, const char *caps, guint value);
/* mic-1 (440 Hz), mic-2 (880), cam-1 (red), cam-2 (blue), screen (green) */
void fake_devices_add_usual (void);
void fake_devices_remove (const char *id);
/* From now on it cannot be opened */
void fake_devices_break (const char *id);
/* Those that are open fail, or are at their end, with their next buffer */
void fake_devices_fail (const char *id);
void fake_devices_end (const char *id);
/* They give nothing */
void fake_devices_stall (const char *id, gboolean stall);
/* In PAUSED it gives another buffer, as one does that has it in its hands */
void fake_devices_keep_running (const char *id);
void fake_devices_clear (void);
/* How many of its sources are open, that is in READY or above */
guint fake_devices_count_open (const char *id);
/* How many buffers it has given */
guint fake_devices_count_given (const char *id);

G_END_DECLS
