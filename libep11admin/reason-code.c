/*
 * Return and reason codes in words (crypto-unit-protocol.md, section 6).
 */
#include "libep11admin/reason-code.h"

#include <glib/gi18n-lib.h>

typedef struct {
    uint32_t code;
    const char *meaning;
    const char *advice;
    uint32_t with; /* reason codes: the return code it comes with */
    bool documented;
    const char *source;
} Row;

static const Row return_codes[] = {
#define RETURN_CODE(code, name, text, advice, documented, source)                                  \
    { (code), (text), (advice), 0, (documented), (source) },
#include "libep11admin/return-code.inc"
};

static const Row reason_codes[] = {
#define REASON_CODE(code, name, text, advice, with, documented, source)                            \
    { (code), (text), (advice), (with), (documented), (source) },
#include "libep11admin/reason-code.inc"
};

static const Row *
find(const Row *rows, size_t n, int64_t code)
{
    for (size_t i = 0; i < n; i++) {
        if ((int64_t) rows[i].code == code) {
            return &rows[i];
        }
    }
    return NULL;
}

bool
tke_reason_code_lookup(uint32_t return_code, int64_t reason_code, TkeReasonText *text)
{
    const Row *by_return = find(return_codes, G_N_ELEMENTS(return_codes), return_code);
    const Row *by_reason = find(reason_codes, G_N_ELEMENTS(reason_codes), reason_code);
    const Row *row = by_reason != NULL ? by_reason : by_return;

    /* Success has no reason. */
    if (return_code == TKE_RC_OK) {
        row = by_return;
    }
    if (row == NULL) {
        return false;
    }
    *text = (TkeReasonText){
        .meaning = _(row->meaning),
        .advice = row->advice != NULL                              ? _(row->advice)
                  : by_return != NULL && by_return->advice != NULL ? _(by_return->advice)
                                                                   : NULL,
        .documented =
            (by_return != NULL && by_return->documented) ||
            (by_reason != NULL && by_reason->documented && by_reason->with == return_code),
        .source = row->source,
    };
    return true;
}

char *
tke_reason_code_dup_message(uint32_t return_code, int64_t reason_code)
{
    TkeReasonText text = { 0 };
    g_autofree char *codes = NULL;

    codes = reason_code < 0 ? g_strdup_printf(_("return code %u"), return_code)
                            : g_strdup_printf(_("return code %u, reason code %u"), return_code,
                                              (unsigned) reason_code);
    if (!tke_reason_code_lookup(return_code, reason_code, &text)) {
        return g_steal_pointer(&codes);
    }
    return g_strdup_printf("%s (%s)", text.meaning, codes);
}

char *
tke_reason_code_dup_codes(uint32_t return_code, int64_t reason_code)
{
    if (reason_code < 0) {
        return g_strdup_printf("%u", return_code);
    }
    return g_strdup_printf("%u-%u", return_code, (unsigned) reason_code);
}
