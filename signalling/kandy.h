/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kandy-types.h"
#include "kandy-enum-types.h"
#include "kandy-error.h"
#include "kandy-log-entry.h"
#include "kandy-logger.h"
#include "kandy-config.h"
#include "kandy-client.h"
#include "kandy-connection.h"
#include "kandy-services.h"
#include "kandy-ice-server.h"
#include "kandy-media-options.h"
#include "kandy-track.h"
#include "kandy-media-engine.h"
#include "kandy-calls.h"
#include "kandy-call.h"
