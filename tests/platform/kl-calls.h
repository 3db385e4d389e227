/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kl-private.h"

G_BEGIN_DECLS

#define KL_MAX_LEGS 256

typedef struct _KlCall KlCall;

typedef enum
{
  KL_CALL_INITIATED,
  KL_CALL_RINGING,
  KL_CALL_CONNECTED,
  KL_CALL_ENDED,
} KlCallState;

typedef enum
{
  KL_TRANSFER_NONE,
  KL_TRANSFER_RINGING, /* the target's devices are invited without offer */
  KL_TRANSFER_ASKING,  /* the far end of the other call is asked for an offer */
  KL_TRANSFER_JOINING, /* the target's offer is with the far end */
  KL_TRANSFER_LENDING, /* its far end is another call's target */
} KlTransfer;

typedef struct
{
  char *sid;
  KlCall *call;
  KlAccount *account;
  char *channel; /* id of the device's channel, NULL: not known */
  gint64 last_audit;
  gboolean ringing; /* invited, has neither answered nor rejected */
  gboolean over;    /* the call goes on without it */
} KlLeg;

struct _KlCall
{
  grefcount refs;
  KandyLoopback *self;
  KlCallState state;
  GPtrArray *legs; /* of KlLeg: all that there ever were */
  KlLeg *caller;
  KlLeg *callee; /* the device that has answered, NULL: none yet */
  char *display_name;
  JsonNode *custom_parameters; /* (nullable): for who is called */
  JsonObject *offer;
  KlLeg *offer_owner; /* whose offer awaits an answer, NULL: nobody's */
  gboolean offer_is_empty;
  gint64 offer_time;
  gint64 invited;
  char *dialled;
  KlTransfer transfer;
  KlLeg *transferor;
  KlLeg *target; /* the device of the transfer's target that took it */
  KlCall *lender;   /* of the target, in a consultative transfer, owned */
  KlCall *borrower; /* and the other way round */
  GSource *timer;
};

KlCall *kl_call_new (KandyLoopback *self, KlAccount *caller,
    const char *dialled, JsonObject *offer);
KlCall *kl_call_ref (KlCall *call);
void kl_call_unref (KlCall *call);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KlCall, kl_call_unref)
const char *kl_call_get_state_name (KlCall *call);
char *kl_leg_dup_url (KlLeg *leg);
KlLeg *kl_leg_get_far (KlLeg *leg);
KlLeg *kl_call_get_answerer (KlCall *call);
void kl_call_set_offer (KlCall *call, KlLeg *owner, gboolean is_empty);
guint kl_call_invite (KlCall *call, KlRequest *request, KlAccount *account,
    const char *dialled, gboolean with_offer);
void kl_call_stop_ringing (KlCall *call, KlRequest *request, KlLeg *except,
    guint status_code, const char *reason);
void kl_call_connected (KlCall *call);
void kl_call_end (KlCall *call, KlRequest *request, KlLeg *by,
    guint status_code, const char *reason);
void kl_call_fail_transfer (KlCall *call, KlRequest *request,
    guint status_code, const char *reason);
void kl_call_consult (KlCall *call, KlRequest *request, KlLeg *leg,
    KlLeg *other);
void kl_call_complete_transfer (KlCall *call, KlRequest *request);
void kl_call_schedule (KlCall *call);
void kl_leg_tell (KlLeg *leg, KlRequest *request, const char *type,
    JsonObject *object);
void kl_leg_tell_event (KlLeg *leg, KlRequest *request, const char *event,
    guint status_code, const char *reason);
void kl_leg_tell_sdp (KlLeg *leg, KlRequest *request, const char *type,
    const char *member, const char *sdp);

G_END_DECLS
