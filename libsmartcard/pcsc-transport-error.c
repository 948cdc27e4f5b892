/*
 * Codes of PC/SC as errors with a sentence and a remedy (functions 2.2, E-C01 to E-C03, E-C19,
 * E-C20).
 */
#include "libsmartcard/pcsc-transport-error.h"

#include <glib/gi18n-lib.h>
#include <string.h>
#include <winscard.h>

#include "libsmartcard/reader-users.h"

/* What can be done; NONE: what the error's code advises. */
enum { NONE, START, BUSY, RESTART, ACCESS, READER, REPLUG, DRIVER, CARD };

static const char *const remedies[] = {
    [NONE] = NULL,
    [START] =
        N_("Start the smart card service: “sudo systemctl start pcscd.socket”, without systemd "
           "“sudo service pcscd start”. If there is none, install the package pcscd (Fedora, "
           "SUSE: pcsc-lite) and the driver libccid (Fedora: pcsc-lite-ccid, SUSE: "
           "pcsc-ccid). Then try again."),
    [BUSY] = N_("End programs that use card readers, then try again."),
    [RESTART] = N_("Try again; if it stays so, start the smart card service anew (“sudo systemctl "
                   "restart pcscd”)."),
    [ACCESS] = N_("Work at this machine itself, not through a remote session, or let an "
                  "administrator allow it: a polkit rule for org.debian.pcsc-lite.access_pcsc and "
                  "org.debian.pcsc-lite.access_card (docs/hardware.md)."),
    [READER] = N_("Check the plugs of the readers, then “tke readers”."),
    [REPLUG] = N_("Unplug the reader, plug it in again, and try again."),
    [DRIVER] =
        N_("Update the driver (package libccid), or use a reader that docs/hardware.md names."),
    [CARD] = N_("Take the card out and put it in again, chip first; if it stays so, try another "
                "card: it has to be one with contacts that speaks T=0 or T=1."),
};

static const TkePcscCode codes[] = {
#define PCSC(code, idle, busy, text, remedy, source)                                               \
    { (uint32_t) code, #code, TKE_CARD_ERROR_##idle, TKE_CARD_ERROR_##busy, text, remedy },
#include "libsmartcard/pcsc-transport-error.inc"
#undef PCSC
};

const TkePcscCode *
tke_pcsc_code_find(uint32_t value)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(codes); i++) {
        if (codes[i].value == value) {
            return &codes[i];
        }
    }
    return NULL;
}

const char *
tke_pcsc_code_get_remedy(const TkePcscCode *code)
{
    const char *text = remedies[code->remedy];

    return text != NULL ? _(text) : NULL;
}

const TkePcscCode *
tke_pcsc_codes(unsigned *n)
{
    *n = G_N_ELEMENTS(codes);
    return codes;
}

bool
tke_pcsc_code_is_lost_service(uint32_t value)
{
    switch (value) {
    case (uint32_t) SCARD_E_NO_SERVICE:
    case (uint32_t) SCARD_E_SERVICE_STOPPED:
    case (uint32_t) SCARD_P_SHUTDOWN:
    case (uint32_t) SCARD_F_COMM_ERROR:
    case (uint32_t) SCARD_E_INVALID_HANDLE:
        return true;
    default:
        return false;
    }
}

static void
set(GError **error, TkeCardError code, const char *reader_name, const char *remedy,
    const char *details, const char *text)
{
    g_autoptr(GError) inner = NULL;

    inner = reader_name != NULL
                ? g_error_new(TKE_CARD_ERROR, (gint) code, _("reader “%s”: %s"), reader_name, text)
                : g_error_new_literal(TKE_CARD_ERROR, (gint) code, text);
    tke_card_error_set_reader(inner, 0, reader_name);
    tke_card_error_set_remedy(inner, remedy);
    tke_card_error_set_details(inner, details);
    g_propagate_error(error, g_steal_pointer(&inner));
}

/*
 * libccid knows two reports of a reader on an entry (timeout and cancelled); any other, a form
 * that the reader does not take among them, becomes a failed exchange (libccid src/commands.c,
 * CCID_Receive).
 */
static void
set_entry_failed(GError **error, const TkePcscCode *row, const char *reader_name)
{
    set(error, row->busy, reader_name,
        _("Look with “tke card info” what the card holds now, then repeat the step. If it stays "
          "so, “tke reader "
          "acceptance-test” tells which entries this reader takes."),
        row->name, _("the PIN pad or its driver refused the entry, or broke it off"));
}

void
tke_pcsc_error_set(GError **error, uint32_t value, TkePcscWhen when, const char *reader_name)
{
    const TkePcscCode *row = tke_pcsc_code_find(value);
    g_autofree char *holders = NULL;
    g_autofree char *text = NULL;

    if (row == NULL) {
        text = g_strdup_printf("0x%08X", value);
        set(error, TKE_CARD_ERROR_COMMUNICATION, reader_name, NULL, text,
            _("the smart card service (pcscd) reports a code that is not known"));
        return;
    }
    if (value == (uint32_t) SCARD_E_SHARING_VIOLATION) {
        holders = tke_reader_users_list("/proc", TKE_READER_USERS_ALL);
    }
    if (when == TKE_PCSC_ENTRY && value == (uint32_t) SCARD_E_NOT_TRANSACTED) {
        set_entry_failed(error, row, reader_name);
        return;
    }
    text = holders != NULL
               ? g_strdup_printf(_("%s; running now, and known to use card readers: %s"),
                                 _(row->text), holders)
               : g_strdup(_(row->text));
    set(error, when != TKE_PCSC_IDLE ? row->busy : row->idle, reader_name,
        tke_pcsc_code_get_remedy(row), row->name, text);
}

void
tke_pcsc_error_set_own(GError **error, TkeCardError code, const char *reader_name,
                       const char *remedy, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    set(error, code, reader_name, remedy, NULL, text);
}

void
tke_pcsc_error_set_silent(GError **error, const char *reader_name)
{
    tke_pcsc_error_set_own(
        error, TKE_CARD_ERROR_SILENT, reader_name, NULL, "%s",
        _("no answer came in time; taking the card out, or unplugging the reader, ends the wait"));
}

void
tke_pcsc_error_set_left(GError **error, const char *reader_name)
{
    tke_pcsc_error_set_own(
        error, TKE_CARD_ERROR_IN_USE, reader_name,
        _("Take the card out, or unplug the reader, to end the wait; then try again."), "%s",
        _("an earlier call to this reader has not come back, so the card was not asked"));
}
