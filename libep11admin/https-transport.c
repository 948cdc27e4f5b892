/*
 * HTTPS on libcurl's multi interface (crypto unit protocol, sections 1.2, 1.5 and 1.12).
 *
 * Every request is an easy handle of its own; connections live in the multi handle and outlast it.
 * libcurl repeats a request by itself when a reused connection ends before the first byte of the
 * answer. The pre-request callback sees every attempt to send, so the second one is refused there.
 * The same callback tells whether anything can have reached the service: before it was called,
 * nothing was sent.
 */
#include "libep11admin/https-transport.h"

#include <curl/curl.h>
#include <glib/gi18n-lib.h>
#include <openssl/crypto.h>
#include <openssl/x509.h>
#include <string.h>

#include "common/cancel.h"
#include "common/error.h"
#include "libep11admin/https-setup.h"
#include "libep11admin/unit-error.h"

#define KEPT_CONNECTIONS 512L
#define IDLE_QUERY_SECONDS 60L  /* a connection idle for longer is not reused */
#define IDLE_COMMAND_SECONDS 5L /* the same for a request that changes state */
#define POLL_MS 1000

typedef struct HttpsTransport {
    TkeUnitTransport base;
    CURLM *multi;
    char *base_url;
    char *ca_pem;
    TkeSecret *authorization; /* whole header line with its NUL */
    bool direct;
    bool multiplexed; /* the last answer came over HTTP/2 */
    unsigned timeout_ms;
    unsigned connections;
    TkeUnitTransportCounts counts;
} HttpsTransport;

typedef struct Transfer {
    TkeUnitRequest *request;
    HttpsTransport *transport;
    CURL *easy;
    struct curl_slist *headers;
    unsigned round; /* within the call */
    bool started;
    bool sent;     /* from here on the service may have seen it */
    bool repeated; /* libcurl wanted to send it again */
    bool too_long;
    bool done;
    gint64 start_us;
    char text[CURL_ERROR_SIZE];
} Transfer;

typedef struct Call {
    HttpsTransport *transport;
    Transfer *transfers;
    size_t n;
    size_t n_done;
    GHashTable *busy; /* lane to number of requests under way */
} Call;

static bool
init_curl(void)
{
    static gsize ready = 0;

    if (g_once_init_enter(&ready)) {
        g_once_init_leave(&ready, curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? 1 : 2);
    }
    return ready == 1;
}

static size_t
on_body(char *data, size_t size, size_t n, void *user)
{
    Transfer *transfer = user;
    size_t len = size * n;

    if (transfer->request->answer->len + len > TKE_HTTPS_ANSWER_MAX) {
        transfer->too_long = true;
        return 0;
    }
    g_byte_array_append(transfer->request->answer, (const guint8 *) data, (guint) len);
    return len;
}

static int
on_send(void *user, G_GNUC_UNUSED char *ip, G_GNUC_UNUSED char *local_ip, G_GNUC_UNUSED int port,
        G_GNUC_UNUSED int local_port)
{
    Transfer *transfer = user;

    if (transfer->sent) {
        transfer->repeated = true;
        return CURL_PREREQFUNC_ABORT;
    }
    transfer->sent = true;
    transfer->transport->counts.requests++;
    return CURL_PREREQFUNC_OK;
}

static bool
is_tls_fault(CURLcode code)
{
    static const CURLcode codes[] = { CURLE_SSL_CONNECT_ERROR,    CURLE_PEER_FAILED_VERIFICATION,
                                      CURLE_SSL_CERTPROBLEM,      CURLE_SSL_CIPHER,
                                      CURLE_SSL_ISSUER_ERROR,     CURLE_SSL_CACERT_BADFILE,
                                      CURLE_SSL_INVALIDCERTSTATUS };

    for (size_t i = 0; i < G_N_ELEMENTS(codes); i++) {
        if (code == codes[i]) {
            return true;
        }
    }
    return false;
}

/* What kind of fault it is that libcurl ended a transfer with. */
static TkeUnitError
classify(const Transfer *transfer, CURLcode code)
{
    if (transfer->sent && transfer->request->changes_state) {
        return TKE_UNIT_ERROR_OUTCOME_UNKNOWN;
    }
    if (transfer->too_long) {
        return TKE_UNIT_ERROR_MALFORMED;
    }
    if (code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_RESOLVE_PROXY) {
        return TKE_UNIT_ERROR_HOST_UNKNOWN;
    }
    if (is_tls_fault(code)) {
        return TKE_UNIT_ERROR_TLS;
    }
    return transfer->sent && code == CURLE_OPERATION_TIMEDOUT ? TKE_UNIT_ERROR_TIMEOUT
                                                              : TKE_UNIT_ERROR_CONNECTION;
}

static void
set_error(const Transfer *transfer, CURLcode code, GError **error)
{
    const char *told = transfer->text[0] != '\0' ? transfer->text : curl_easy_strerror(code);
    long verified = X509_V_OK;
    TkeHttpsFault fault = { .kind = classify(transfer, code),
                            .sent = transfer->sent,
                            .too_long = transfer->too_long,
                            .tls = is_tls_fault(code),
                            .timeout = code == CURLE_OPERATION_TIMEDOUT,
                            .timeout_ms = transfer->transport->timeout_ms,
                            .text = transfer->repeated ? _("it was closed") : told };

    curl_easy_getinfo(transfer->easy, CURLINFO_SSL_VERIFYRESULT, &verified);
    if (fault.tls && verified != X509_V_OK) { /* plainer than what libcurl makes of it */
        fault.text = X509_verify_cert_error_string(verified);
    }
    tke_https_setup_set_error(&fault, transfer->transport->base_url, transfer->transport->direct,
                              error);
}

/* Header lines of a transfer. libcurl keeps copies of its own; ours are wiped in clear_headers. */
static struct curl_slist *
make_headers(const HttpsTransport *transport)
{
    static const char *const fixed[] = { "Content-Type: application/json",
                                         "Accept: application/json", "Expect:" };
    struct curl_slist *list = NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(fixed); i++) {
        list = curl_slist_append(list, fixed[i]);
    }
    if (transport->authorization != NULL) {
        list = curl_slist_append(list,
                                 (const char *) tke_secret_bytes(transport->authorization, NULL));
    }
    return list;
}

static void
clear_headers(struct curl_slist *list)
{
    for (struct curl_slist *item = list; item != NULL; item = item->next) {
        OPENSSL_cleanse(item->data, strlen(item->data));
    }
    curl_slist_free_all(list);
}

static void
set_tls_options(const HttpsTransport *transport, CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    if (transport->ca_pem != NULL) {
        struct curl_blob blob = { .data = transport->ca_pem,
                                  .len = strlen(transport->ca_pem),
                                  .flags = CURL_BLOB_NOCOPY };

        curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob);
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL); /* else the system's authorities count too */
    }
    if (transport->direct) {
        curl_easy_setopt(easy, CURLOPT_PROXY, "");
    }
}

static void
set_options(Transfer *transfer)
{
    HttpsTransport *transport = transfer->transport;
    const TkeUnitRequest *request = transfer->request;
    g_autofree char *url = g_strconcat(transport->base_url, request->path, NULL);
    CURL *easy = transfer->easy;

    set_tls_options(transport, easy);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "OpenTKE/" TKE_VERSION);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long) transport->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN,
                     request->changes_state ? IDLE_COMMAND_SECONDS : IDLE_QUERY_SECONDS);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->text);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_send);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
    if (request->body != NULL) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long) strlen(request->body));
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body);
    }
#if LIBCURL_VERSION_NUM >= 0x075700
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* cancel does not wait for a name server */
#endif
}

/* Number of requests under way in the lane of this one, after changing it. */
static unsigned
count_lane(Call *call, const TkeUnitRequest *request, int change)
{
    const char *lane = request->lane != NULL ? request->lane : "";
    int busy = GPOINTER_TO_INT(g_hash_table_lookup(call->busy, lane)) + change;

    if (change != 0) {
        g_hash_table_insert(call->busy, (gpointer) lane, GINT_TO_POINTER(busy));
    }
    return (unsigned) busy;
}

static void
start_transfer(Call *call, Transfer *transfer, unsigned round)
{
    count_lane(call, transfer->request, 1);
    transfer->started = true;
    transfer->round = round;
    transfer->start_us = g_get_monotonic_time();
    transfer->easy = curl_easy_init();
    transfer->headers = make_headers(call->transport);
    transfer->request->answer = g_byte_array_new();
    set_options(transfer);
    curl_multi_add_handle(call->transport->multi, transfer->easy);
}

/* Starts what waits and has room in its lane; the round is one after that of what made the room. */
static void
start_waiting(Call *call, unsigned round)
{
    for (size_t i = 0; i < call->n; i++) {
        Transfer *transfer = &call->transfers[i];

        if (!transfer->started &&
            (call->transport->multiplexed ||
             count_lane(call, transfer->request, 0) < call->transport->connections)) {
            start_transfer(call, transfer, round);
        }
    }
}

/* Takes the transfer out of libcurl; its connection stays there unless the transfer was cut off. */
static void
end_transfer(Call *call, Transfer *transfer)
{
    long connections = 0;

    curl_easy_getinfo(transfer->easy, CURLINFO_NUM_CONNECTS, &connections);
    call->transport->counts.connections += (unsigned) connections;
    curl_multi_remove_handle(call->transport->multi, transfer->easy);
    curl_easy_cleanup(transfer->easy);
    transfer->easy = NULL;
    clear_headers(g_steal_pointer(&transfer->headers));
    count_lane(call, transfer->request, -1);
    transfer->done = true;
    call->n_done++;
}

/* error becomes the request's. */
static void
fail_transfer(Transfer *transfer, GError *error)
{
    TkeUnitRequest *request = transfer->request;

    request->error = error;
    request->status = 0;
    request->outcome_unknown = request->changes_state && transfer->sent;
    g_clear_pointer(&request->answer, g_byte_array_unref);
}

static void
finish_transfer(Call *call, Transfer *transfer, CURLcode code)
{
    TkeUnitRequest *request = transfer->request;
    long status = 0;
    long version = 0;

    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_VERSION, &version);
    if (code == CURLE_OK) {
        call->transport->multiplexed = version >= CURL_HTTP_VERSION_2_0;
        request->status = (unsigned) status;
        g_byte_array_append(request->answer, (const guint8 *) "", 1);
        g_byte_array_set_size(request->answer, request->answer->len - 1);
    } else {
        GError *error = NULL;

        set_error(transfer, code, &error);
        fail_transfer(transfer, error);
    }
    end_transfer(call, transfer);
    tke_https_setup_log(request, (g_get_monotonic_time() - transfer->start_us) / 1000);
}

static void
cancel_all(Call *call, const GError *cancelled)
{
    for (size_t i = 0; i < call->n; i++) {
        Transfer *transfer = &call->transfers[i];

        if (!transfer->done) {
            fail_transfer(transfer, g_error_copy(cancelled));
            if (transfer->started) {
                end_transfer(call, transfer);
            }
        }
    }
}

static void
collect_finished(Call *call)
{
    CURLMsg *message = NULL;
    int left = 0;

    while ((message = curl_multi_info_read(call->transport->multi, &left)) != NULL) {
        Transfer *transfer = NULL;
        CURLcode code = message->data.result; /* the message goes with the handle */

        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        finish_transfer(call, transfer, code);
        start_waiting(call, transfer->round + 1);
    }
}

/* Drives libcurl until every request is answered, failed or cancelled. */
static bool
drive(Call *call, GCancellable *cancellable, GError **error)
{
    GPollFD cancel_fd = { .fd = -1 };
    bool can_poll = g_cancellable_make_pollfd(cancellable, &cancel_fd);
    struct curl_waitfd extra = { .fd = cancel_fd.fd, .events = CURL_WAIT_POLLIN };
    g_autoptr(GError) cancelled = NULL;
    bool ok = true;

    start_waiting(call, 1);
    while (ok && call->n_done < call->n) {
        int running = 0;

        if (tke_cancel_is_asked(cancellable, &cancelled)) {
            cancel_all(call, cancelled);
            break;
        }
        ok = curl_multi_perform(call->transport->multi, &running) == CURLM_OK;
        collect_finished(call);
        if (ok && call->n_done < call->n) {
            ok = curl_multi_poll(call->transport->multi, &extra, can_poll ? 1 : 0, POLL_MS, NULL) ==
                 CURLM_OK;
        }
    }
    if (can_poll) {
        g_cancellable_release_fd(cancellable);
    }
    if (!ok) {
        g_set_error(&cancelled, TKE_ERROR, TKE_ERROR_SETUP, _("libcurl cannot go on"));
        cancel_all(call, cancelled);
        g_propagate_error(error, g_steal_pointer(&cancelled));
    }
    return ok;
}

static bool
https_run(TkeUnitTransport *base, TkeUnitRequest *const *requests, size_t n,
          GCancellable *cancellable, GError **error)
{
    HttpsTransport *transport = (HttpsTransport *) base;
    g_autofree Transfer *transfers = g_new0(Transfer, n);
    g_autoptr(GHashTable) busy = g_hash_table_new(g_str_hash, g_str_equal);
    Call call = { .transport = transport, .transfers = transfers, .n = n, .busy = busy };
    unsigned rounds = 0;
    bool ok = false;

    if (tke_cancel_is_asked(cancellable, error) || !tke_unit_transport_check(requests, n, error)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        transfers[i].request = requests[i];
        transfers[i].transport = transport;
    }
    ok = drive(&call, cancellable, error);
    for (size_t i = 0; i < n; i++) {
        rounds = transfers[i].sent ? MAX(rounds, transfers[i].round) : rounds;
    }
    transport->counts.rounds += rounds;
    return ok;
}

static void
https_get_counts(TkeUnitTransport *base, TkeUnitTransportCounts *counts)
{
    *counts = ((HttpsTransport *) base)->counts;
}

static void
https_free(TkeUnitTransport *base)
{
    HttpsTransport *transport = (HttpsTransport *) base;

    curl_multi_cleanup(transport->multi); /* NULL does no harm */
    tke_secret_free(transport->authorization);
    g_free(transport->base_url);
    g_free(transport->ca_pem);
    g_free(transport);
}

static const TkeUnitTransportOps https_ops = {
    .run = https_run,
    .get_counts = https_get_counts,
    .free = https_free,
};

bool
tke_https_transport_set_token(TkeUnitTransport *base, const TkeSecret *token, GError **error)
{
    HttpsTransport *transport = (HttpsTransport *) base;
    TkeSecret *line = NULL;

    g_return_val_if_fail(base->ops == &https_ops, false);

    if (token != NULL) {
        line = tke_https_setup_authorization(token, error);
        if (line == NULL) {
            return false;
        }
    }
    tke_secret_free(transport->authorization);
    transport->authorization = line;
    return true;
}

TkeUnitTransport *
tke_https_transport_new(const TkeHttpsConfig *config, GError **error)
{
    g_autoptr(TkeUnitTransport) base = NULL;
    HttpsTransport *transport = NULL;

    if (!tke_https_setup_check_url(config->base_url, error)) {
        return NULL;
    }
    transport = g_new0(HttpsTransport, 1);
    base = &transport->base;
    base->ops = &https_ops;
    transport->base_url = g_strdup(config->base_url);
    transport->ca_pem = g_strdup(config->ca_pem);
    transport->direct = config->direct;
    transport->timeout_ms = config->timeout_ms > 0 ? config->timeout_ms : TKE_HTTPS_TIMEOUT_MS;
    transport->connections = config->connections > 0 ? config->connections : TKE_HTTPS_CONNECTIONS;
    transport->multi = init_curl() ? curl_multi_init() : NULL;
    if (transport->multi == NULL) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_SETUP, _("libcurl cannot be set up"));
        return NULL;
    }
    curl_multi_setopt(transport->multi, CURLMOPT_MAXCONNECTS, KEPT_CONNECTIONS);
    if (!tke_https_transport_set_token(base, config->token, error)) {
        return NULL;
    }
    return g_steal_pointer(&base);
}
