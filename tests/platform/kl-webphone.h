/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kl-private.h"

G_BEGIN_DECLS

gboolean kl_webphone_handle (KlRequest *request);

G_END_DECLS
