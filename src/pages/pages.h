/*
 * The modules of src/pages: what every kind gets from its description.
 */
#ifndef LINLI_PAGES_PAGES_H
#define LINLI_PAGES_PAGES_H

/* For program/modules.c. */
#define PAGES_MODULES(M) \
    M(rollup_module) \
    M(register_pages_module) \
    M(register_edit_module) \
    M(workflow_module) \
    M(journal_module) \
    M(figures_text_module) \
    M(figures_pages_module) \
    M(due_list_module) \
    M(admin_module) \
    M(outbox_module) \
    M(imports_module) \
    M(running_module) \
    M(settings_page_module) \
    M(setup_page_module) \
    M(api_module)

#endif
