/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstkandyline.h"
#include "gstkandysession.h"

/* SECTION: GstKandySession
 *
 * The rendezvous of `kandysink`, `kandysrc` and `kandysignaller`. A bin changes
 * the state of its children in no order that could be relied on, so any of them
 * may come first: whoever reaches READY joins, one of them brings the account,
 * and only when the first goes on to PAUSED does anything go to the network. By
 * then all of a pipeline have joined.
 *
 * A session without open members is nothing but a meeting point. While members
 * are open it has a #GstKandyLine, which does all the work on a thread of its
 * own. A line that says good-bye does so by itself, so that a session may be
 * opened again at once.
 */

GST_DEBUG_CATEGORY_STATIC (kandy_session_debug);
#define GST_CAT_DEFAULT kandy_session_debug

typedef struct {
  GstKandySessionMember *element; /* a strong reference from join to leave */
  gboolean open;
} Member;

struct _GstKandySession {
  GstObject parent_instance;

  /* all of it guarded by the object lock */
  GArray *members; /* of Member, in the order in which they joined */
  GstKandySessionAccount *account;      /* (nullable) */
  KandyConfig *config;                  /* (nullable) */
  GstKandySessionMember *account_owner; /* unowned, one of the members */
  GstKandyLine *line;                   /* (nullable) */
  GPtrArray *leaving;                   /* of GstKandyLine that say good-bye */
  GstKandySessionStatus status;
};

G_DEFINE_TYPE_WITH_CODE (GstKandySession, gst_kandy_session, GST_TYPE_OBJECT,
    GST_DEBUG_CATEGORY_INIT (kandy_session_debug, "kandysession", 0,
        "rendezvous of the kandy elements"))

/* With the object lock */
static Member *
find_member (GstKandySession *self, GstKandySessionMember *element)
{
  guint i;

  for (i = 0; i < self->members->len; i++) {
    Member *member = &g_array_index (self->members, Member, i);

    if (member->element == element)
      return member;
  }
  return NULL;
}

static void
status_reset (GstKandySessionStatus *status)
{
  g_clear_pointer (&status->call_id, g_free);
  g_clear_pointer (&status->stats, gst_structure_free);
  status->state = KANDY_CALL_STATE_ENDED;
  status->media_connection_state = KANDY_MEDIA_CONNECTION_STATE_NEW;
  status->local_hold = FALSE;
  status->remote_hold = FALSE;
}

static void
status_copy (GstKandySessionStatus *to, const GstKandySessionStatus *from)
{
  *to = *from;
  to->call_id = g_strdup (from->call_id);
  to->stats = from->stats != NULL ? gst_structure_copy (from->stats) : NULL;
}

/* With the object lock. An element that says nothing about an account brings
 * none; a second one may only repeat what the first said. */
static gboolean
bring_account (GstKandySession *self, GstKandySessionMember *member,
    const GstKandySessionAccount *account, KandyConfig *config, GError **error)
{
  if (account == NULL || !gst_kandy_session_account_is_set (account))
    return TRUE;

  if (self->account != NULL && self->account_owner != member) {
    g_autofree char *ours = NULL, *theirs = NULL;

    if (gst_kandy_session_account_equal (self->account, account))
      return TRUE;
    ours = gst_kandy_session_account_describe (self->account);
    theirs = gst_kandy_session_account_describe (account);
    g_set_error (error, KANDY_ERROR, KANDY_ERROR_INVALID_PARAM,
        "The session \"%s\" cannot have two accounts: %s, of %s, and %s, of "
        "%s; set the account on one element, or give the elements different "
        "values of the property \"session\"",
        GST_OBJECT_NAME (self), ours, GST_OBJECT_NAME (self->account_owner),
        theirs, GST_OBJECT_NAME (member));
    return FALSE;
  }

  g_clear_pointer (&self->account, gst_kandy_session_account_free);
  g_clear_object (&self->config);
  self->account = gst_kandy_session_account_copy (account);
  self->config = config != NULL ? kandy_config_copy (config) : NULL;
  self->account_owner = member;
  return TRUE;
}

static GstObject *
top_of (GstElement *element)
{
  GstObject *object = gst_object_ref (GST_OBJECT (element)), *parent;

  while ((parent = gst_object_get_parent (object)) != NULL) {
    gst_object_unref (object);
    object = parent;
  }
  return object;
}

static void
gst_kandy_session_finalize (GObject *object)
{
  GstKandySession *self = GST_KANDY_SESSION (object);

  g_array_unref (self->members);
  g_ptr_array_unref (self->leaving);
  g_clear_pointer (&self->account, gst_kandy_session_account_free);
  g_clear_object (&self->config);
  status_reset (&self->status);

  G_OBJECT_CLASS (gst_kandy_session_parent_class)->finalize (object);
}

static void
gst_kandy_session_class_init (GstKandySessionClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = gst_kandy_session_finalize;
}

static void
gst_kandy_session_init (GstKandySession *self)
{
  self->members = g_array_new (FALSE, FALSE, sizeof (Member));
  self->leaving = g_ptr_array_new_with_free_func (g_object_unref);
  status_reset (&self->status);
}

GstKandySession *
gst_kandy_session_new (const char *name)
{
  GstKandySession *self =
      g_object_new (GST_KANDY_TYPE_SESSION, "name", name, NULL);

  return gst_object_ref_sink (self);
}

gboolean
gst_kandy_session_join (GstKandySession *self, GstKandySessionMember *member,
    const GstKandySessionAccount *account, KandyConfig *config, GError **error)
{
  gboolean ok;

  GST_OBJECT_LOCK (self);
  ok = bring_account (self, member, account, config, error);
  if (ok && find_member (self, member) == NULL) {
    Member entry = { gst_object_ref (member), FALSE };

    g_array_append_val (self->members, entry);
  }
  GST_OBJECT_UNLOCK (self);

  GST_DEBUG_OBJECT (self, "%" GST_PTR_FORMAT " joined", member);
  return ok;
}

gboolean
gst_kandy_session_open (GstKandySession *self, GstKandySessionMember *member,
    const GstKandySessionAccount *account, KandyConfig *config, GError **error)
{
  g_autoptr (GstKandySessionAccount) complete = NULL;
  g_autoptr (GstKandyLine) line = NULL;
  g_autoptr (KandyConfig) settings = NULL;
  gboolean first = FALSE;
  Member *entry;

  GST_OBJECT_LOCK (self);
  entry = find_member (self, member);
  g_assert (entry != NULL);
  if (self->line == NULL) {
    if (!bring_account (self, member, account, config, error)) {
      GST_OBJECT_UNLOCK (self);
      return FALSE;
    }
    complete = self->account != NULL
        ? gst_kandy_session_account_copy (self->account)
        : gst_kandy_session_account_new ();
    settings = self->config != NULL ? kandy_config_copy (self->config)
        : config != NULL            ? kandy_config_copy (config)
                                    : kandy_config_new ();
  }
  GST_OBJECT_UNLOCK (self);

  /* reads a file, so not with the lock */
  if (complete != NULL && !gst_kandy_session_account_complete (complete, error))
    return FALSE;

  GST_OBJECT_LOCK (self);
  entry = find_member (self, member);
  if (entry != NULL)
    entry->open = TRUE;
  if (self->line == NULL) {
    status_reset (&self->status);
    self->line = gst_kandy_line_new (self, complete, settings);
    first = TRUE;
  }
  line = g_object_ref (self->line);
  GST_OBJECT_UNLOCK (self);

  if (!first)
    gst_kandy_line_add_member (line, member);
  return TRUE;
}

void
gst_kandy_session_close (GstKandySession *self, GstKandySessionMember *member)
{
  g_autoptr (GstKandyLine) line = NULL;
  gboolean any_open = FALSE;
  Member *entry;
  guint i;

  GST_OBJECT_LOCK (self);
  entry = find_member (self, member);
  if (entry != NULL)
    entry->open = FALSE;
  for (i = 0; i < self->members->len; i++)
    any_open |= g_array_index (self->members, Member, i).open;
  if (!any_open && self->line != NULL) {
    for (i = self->leaving->len; i > 0; i--) {
      if (gst_kandy_line_wait (g_ptr_array_index (self->leaving, i - 1), 0))
        g_ptr_array_remove_index (self->leaving, i - 1);
    }
    line = g_steal_pointer (&self->line);
    g_ptr_array_add (self->leaving, g_object_ref (line));
    status_reset (&self->status);
  }
  GST_OBJECT_UNLOCK (self);

  if (line != NULL)
    gst_kandy_line_stop (line);
}

void
gst_kandy_session_leave (GstKandySession *self, GstKandySessionMember *member)
{
  g_autoptr (GPtrArray) leaving = NULL;
  gint64 end_time = g_get_monotonic_time ()
      + GST_TIME_AS_USECONDS (GST_KANDY_GOODBYE_TIMEOUT);
  gboolean found = FALSE;
  guint i;

  GST_OBJECT_LOCK (self);
  for (i = 0; i < self->members->len && !found; i++) {
    if (g_array_index (self->members, Member, i).element == member) {
      g_array_remove_index (self->members, i);
      found = TRUE;
    }
  }
  if (self->account_owner == member) {
    self->account_owner = NULL;
    g_clear_pointer (&self->account, gst_kandy_session_account_free);
    g_clear_object (&self->config);
  }
  /* only the last one waits: the others would wait for the same */
  if (self->members->len == 0) {
    leaving = g_steal_pointer (&self->leaving);
    self->leaving = g_ptr_array_new_with_free_func (g_object_unref);
  }
  GST_OBJECT_UNLOCK (self);

  if (found)
    gst_object_unref (member);
  for (i = 0; leaving != NULL && i < leaving->len; i++) {
    if (!gst_kandy_line_wait (g_ptr_array_index (leaving, i), end_time))
      GST_INFO_OBJECT (self, "the good-bye goes on in the background");
  }
}

void
gst_kandy_session_wishes_changed (GstKandySession *self)
{
  g_autoptr (GstKandyLine) line = NULL;

  GST_OBJECT_LOCK (self);
  g_set_object (&line, self->line);
  GST_OBJECT_UNLOCK (self);

  if (line != NULL)
    gst_kandy_line_wishes_changed (line);
}

void
gst_kandy_session_update_config (
    GstKandySession *self, GstKandySessionMember *member, GVariant *partial)
{
  g_autoptr (GVariant) variant = g_variant_ref_sink (partial);
  g_autoptr (GstKandyLine) line = NULL;

  GST_OBJECT_LOCK (self);
  if (self->account_owner == member || self->account_owner == NULL)
    g_set_object (&line, self->line);
  GST_OBJECT_UNLOCK (self);

  if (line != NULL)
    gst_kandy_line_update_config (line, variant);
}

void
gst_kandy_session_request (
    GstKandySession *self, GstStructure *request, GstPromise *promise)
{
  g_autoptr (GstKandyLine) line = NULL;
  g_autoptr (GError) error = NULL;

  GST_OBJECT_LOCK (self);
  g_set_object (&line, self->line);
  GST_OBJECT_UNLOCK (self);

  if (line != NULL) {
    gst_kandy_line_request (line, request, promise);
    return;
  }
  gst_structure_free (request);
  error = kandy_error_new (KANDY_ERROR_INVALID_STATE, "call:6", 0,
      "The element is not signed on; it must be in PAUSED or PLAYING");
  gst_kandy_promise_reply (promise, NULL, error);
  if (promise != NULL)
    gst_promise_unref (promise);
}

void
gst_kandy_session_get_status (
    GstKandySession *self, GstKandySessionStatus *status)
{
  GST_OBJECT_LOCK (self);
  status_copy (status, &self->status);
  GST_OBJECT_UNLOCK (self);
}

void
gst_kandy_session_status_clear (GstKandySessionStatus *status)
{
  status_reset (status);
}

void
gst_kandy_promise_reply (
    GstPromise *promise, const char *call_id, const GError *error)
{
  GstStructure *reply;

  if (promise == NULL)
    return;

  reply = gst_structure_new_empty ("application/x-kandy-reply");
  if (call_id != NULL)
    gst_structure_set (reply, "call-id", G_TYPE_STRING, call_id, NULL);
  if (error != NULL) {
    const char *code = kandy_error_get_platform_code (error);

    gst_structure_set (reply, "error", G_TYPE_ERROR, error, "code",
        G_TYPE_STRING, code != NULL ? code : "NO_CODE", "http-status",
        G_TYPE_UINT, kandy_error_get_http_status (error), NULL);
  }
  gst_promise_reply (promise, reply);
}

/* The open members: all, or the first of every pipeline, beginning with the one
 * that brought the account. (transfer full) */
GPtrArray *
gst_kandy_session_dup_members (GstKandySession *self, gboolean one_a_pipeline)
{
  GPtrArray *members = g_ptr_array_new_with_free_func (gst_object_unref);
  g_autoptr (GPtrArray) tops = NULL;
  guint i;

  GST_OBJECT_LOCK (self);
  for (i = 0; i < self->members->len; i++) {
    Member *member = &g_array_index (self->members, Member, i);

    if (member->open)
      g_ptr_array_insert (members,
          member->element == self->account_owner ? 0 : -1,
          gst_object_ref (member->element));
  }
  GST_OBJECT_UNLOCK (self);

  if (!one_a_pipeline)
    return members;

  tops = g_ptr_array_new_with_free_func (gst_object_unref);
  for (i = 0; i < members->len;) {
    GstObject *top = top_of (g_ptr_array_index (members, i));

    if (g_ptr_array_find (tops, top, NULL)) {
      gst_object_unref (top);
      g_ptr_array_remove_index (members, i);
    } else {
      g_ptr_array_add (tops, top);
      i++;
    }
  }
  return members;
}

/* A line that has been given up says nothing about the session any more */
void
gst_kandy_session_set_status (
    GstKandySession *self, gpointer line, const GstKandySessionStatus *status)
{
  GstKandySessionStatus old = { NULL };

  GST_OBJECT_LOCK (self);
  if (self->line == line) {
    old = self->status;
    status_copy (&self->status, status);
  }
  GST_OBJECT_UNLOCK (self);

  status_reset (&old);
}
