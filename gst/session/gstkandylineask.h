/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstkandyline-private.h"

G_BEGIN_DECLS

/* Private: requests that are named after rows of the API document, as in
 * "groups.create". Their fields are the row's parameters; the answer is a
 * structure with what the row gives. */

typedef struct _GstKandyAskMethod GstKandyAskMethod;

/* Whom to answer, and how */
typedef struct {
  GstKandyLine *line;
  const GstKandyAskMethod *method;
  GstStructure *request;
  GstPromise *promise; /* (nullable) */
} GstKandyAsk;

/* (transfer full) */
typedef GVariant *(*GstKandyToVariant) (gpointer item);

/* What a row gives: fields, and a list of objects besides, which may be long */
typedef struct {
  GVariantDict fields;
  const char *list_name; /* (nullable): static */
  GPtrArray *list;
  GstKandyToVariant to_variant;
} GstKandyReply;

#define GST_KANDY_REPLY_INIT                                                   \
  {                                                                            \
    .fields = G_VARIANT_DICT_INIT (NULL)                                       \
  }
void gst_kandy_reply_clear (GstKandyReply *reply);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (GstKandyReply, gst_kandy_reply_clear)

/* A row of the document: either begun and finished later, or just got */
struct _GstKandyAskMethod {
  const char *name;
  void (*begin) (KandyClient *client, const GstStructure *request,
      GstKandyAsk *ask);
  /* adds to the reply what there is to say */
  gboolean (*finish) (GObject *source, GAsyncResult *result,
      GstKandyReply *reply, GError **error);
  void (*get) (KandyClient *client, const GstStructure *request,
      GstKandyReply *reply);
  /* the same of a row that is about one conversation, which is made if there is
   * none; the request has failed if it cannot be */
  void (*begin_in) (KandyConversation *conversation,
      const GstStructure *request, GstKandyAsk *ask);
  void (*get_in) (KandyConversation *conversation, const GstStructure *request,
      GstKandyReply *reply);
};

/* The rows, ended by one without a name */
extern const GstKandyAskMethod gst_kandy_line_people_methods[];
extern const GstKandyAskMethod gst_kandy_line_conversation_methods[];

/* (transfer none): which one the request is about */
KandyConversation *gst_kandy_line_find_conversation (GstKandyLine *line,
    const GstStructure *request, GError **error);

/* What a method begins with is called back here: it finishes, and answers */
void gst_kandy_ask_done (GObject *source, GAsyncResult *result,
    gpointer ask);
/* What has been done at once, but may also have been refused */
void gst_kandy_ask_answer (GstKandyAsk *ask, GstKandyReply *reply);
/* What cannot be begun. @error: (transfer full) */
void gst_kandy_ask_fail (GstKandyAsk *ask, GError *error);

/* (nullable): a field, also of the structure "options", where the document has
 * some parameters */
const GValue *gst_kandy_ask_get_field (const GstStructure *request,
    const char *field);
/* A field as text, empty if there is none */
const char *gst_kandy_ask_get_text (const GstStructure *request,
    const char *field);
/* (transfer full): one string, a strv, or an array or list of strings */
char **gst_kandy_ask_dup_texts (const GstStructure *request,
    const char *field);
/* (nullable) (transfer floating): a field that is a structure, as texts */
GVariant *gst_kandy_ask_get_members (const GstStructure *request,
    const char *field);
/* @value: (transfer full) */
void gst_kandy_ask_insert (GstKandyReply *reply, const char *name,
    GVariant *value);
/* @model: (nullable) */
void gst_kandy_ask_insert_list (GstKandyReply *reply, const char *name,
    GListModel *model, GstKandyToVariant to_variant);
/* @items: (transfer full): of objects */
void gst_kandy_ask_insert_items (GstKandyReply *reply, const char *name,
    GPtrArray *items, GstKandyToVariant to_variant);

/* Replies to @promise (transfer full) (nullable) with @reply (transfer full)
 * and, in its field @field, a structure for each of @items (transfer full),
 * which @to_variant describes or @to_structure makes. Many are written bit by
 * bit: ten thousand at one go would hold up calls. */
void gst_kandy_line_answer_list (GstPromise *promise, GstStructure *reply,
    const char *field, GPtrArray *items, GstKandyToVariant to_variant,
    GstStructure *(*to_structure) (gpointer item));

/* Of the operations that have nothing to say but that they succeeded */
#define GST_KANDY_ASK_FINISH(name, TYPE)                                       \
  static gboolean finish_##name (GObject *source, GAsyncResult *result,        \
      GstKandyReply *reply, GError **error)                                     \
  {                                                                            \
    return kandy_##name##_finish (TYPE (source), result, error);               \
  }

G_END_DECLS
