/*
 * A workflow as something to look at, all from its table: one line an arrow, a
 * Mermaid or Graphviz diagram, and a page in Markdown with the diagram and a
 * row for each step. Used by `linli steps`; nothing is drawn by hand.
 */
#ifndef LINLI_CORE_WORKFLOW_PRINT_H
#define LINLI_CORE_WORKFLOW_PRINT_H

#include "core/workflow.h"

void workflow_text(struct ctx *ctx, struct buf *out, const struct workflow *w);
void workflow_mermaid(struct ctx *ctx, struct buf *out, const struct workflow *w);
void workflow_dot(struct ctx *ctx, struct buf *out, const struct workflow *w);
void workflow_markdown(struct ctx *ctx, struct buf *out, const struct workflow *w);

#endif
