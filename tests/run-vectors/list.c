/*
 * All arrays of handlers; one line each.
 */
#include "tests/run-vectors/vectors.h"

extern const VectorKind vectors_admin_certificates[];
extern const VectorKind vectors_card_host_exchanges[];
extern const VectorKind vectors_card_host_objects[];
#ifdef RUN_VECTORS_SIMULATOR
extern const VectorKind vectors_card_sim_exchanges[];
extern const VectorKind vectors_card_sim_objects[];
#endif
extern const VectorKind vectors_der[];
extern const VectorKind vectors_key_files[];
extern const VectorKind vectors_key_transport[];
extern const VectorKind vectors_later[];
extern const VectorKind vectors_oa_certificates[];
extern const VectorKind vectors_requests[];
extern const VectorKind vectors_responses[];
extern const VectorKind vectors_service[];
extern const VectorKind vectors_signer_info[];
extern const VectorKind vectors_transcripts[];

/* clang-format off */
const VectorKind *const vector_lists[] = {
    vectors_admin_certificates,
    vectors_card_host_exchanges,
    vectors_card_host_objects,
#ifdef RUN_VECTORS_SIMULATOR
    vectors_card_sim_exchanges,
    vectors_card_sim_objects,
#endif
    vectors_der,
    vectors_key_files,
    vectors_key_transport,
    vectors_later,
    vectors_oa_certificates,
    vectors_requests,
    vectors_responses,
    vectors_service,
    vectors_signer_info,
    vectors_transcripts,
    NULL,
};
/* clang-format on */
