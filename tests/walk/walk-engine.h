/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "walk.h"

G_BEGIN_DECLS

/* A media engine that negotiates as the real one does, with the SDP facade, and
 * has no media: behind the facade there is something that writes descriptions
 * like webrtcbin's and fails the test where the real one would abort. It takes
 * its time, and sometimes fails, as the walk's seed has it. */
extern const WalkMedia walk_media_descriptions;

G_END_DECLS
