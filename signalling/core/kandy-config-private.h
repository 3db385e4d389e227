/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-config.h"
#include "kandy-logger.h"

G_BEGIN_DECLS

/* @logger: (nullable): where values that are not acceptable are reported */
void kandy_config_set_logger (KandyConfig *self, KandyLogger *logger);
KandyLogLevel kandy_config_get_log_level (KandyConfig *self, const char *path);

G_END_DECLS
