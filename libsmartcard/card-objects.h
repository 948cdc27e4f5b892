/*
 * Instructions and data objects of the card protocol (card-protocol.md, sections 3 and 6 to 8). Not
 * installed.
 */
#pragma once

#define TKE_CLA_ISO 0x00u
#define TKE_CLA_OWN 0x80u

#define TKE_INS_VERIFY 0x20u
#define TKE_INS_CHANGE 0x24u  /* P1 01: SET */
#define TKE_INS_PERFORM 0x2Au /* P1 tells what */
#define TKE_INS_UNBLOCK 0x2Cu
#define TKE_INS_GENERATE 0x46u
#define TKE_INS_CHALLENGE 0x84u
#define TKE_INS_STATEMENT 0x88u
#define TKE_INS_SELECT 0xA4u
#define TKE_INS_GET_RESPONSE 0xC0u
#define TKE_INS_GET 0xCAu
#define TKE_INS_PUT 0xDAu
#define TKE_INS_DELETE 0xE4u

#define TKE_TAG_KIND 0x80u
#define TKE_TAG_LIFE_CYCLE 0x81u
#define TKE_TAG_VERSION 0x82u
#define TKE_TAG_CARD_ID 0x83u
#define TKE_TAG_ZONE_ID 0x84u
#define TKE_TAG_ZONE_DESCRIPTION 0x85u
#define TKE_TAG_POINT 0x86u
#define TKE_TAG_PINS 0x87u
#define TKE_TAG_SKI 0x88u
#define TKE_TAG_NAME 0x89u
#define TKE_TAG_PARTS 0x8Au
#define TKE_TAG_USAGE_COUNTER 0x8Bu
#define TKE_TAG_USAGE_HEAD 0x8Cu
#define TKE_TAG_CONTENTS 0x8Du
#define TKE_TAG_DESCRIPTION 0x8Eu
#define TKE_TAG_ORIGIN 0x8Fu
#define TKE_TAG_PATTERN 0x90u
#define TKE_TAG_PLACE 0x91u
#define TKE_TAG_NONCE 0x92u
#define TKE_TAG_UKM 0x93u
#define TKE_TAG_FORM 0x94u
#define TKE_TAG_RECORDS 0x95u
#define TKE_TAG_USAGE 0x96u
#define TKE_TAG_WRAPPED 0x97u
#define TKE_TAG_SEALED 0x99u
#define TKE_TAG_PROBE 0x9Au
#define TKE_TAG_STATUS 0xE0u
#define TKE_TAG_PART 0xE1u
#define TKE_TAG_BODY_VERSION 0x5F29u
#define TKE_TAG_BODY_ZONE_ID 0x42u
#define TKE_TAG_BODY_CARD_ID 0x5F20u
#define TKE_TAG_BODY_ROLE 0x53u
#define TKE_TAG_SIGNATURE 0x5F37u
#define TKE_TAG_CERTIFICATE 0x7F21u
#define TKE_TAG_BODY 0x7F4Eu

#define TKE_GET_STATUS 0xE0u /* P2 of 80 CA 00 */
#define TKE_GET_ZONE_CERTIFICATE 0xE3u
#define TKE_GET_OWN_CERTIFICATE 0xE4u
#define TKE_GET_PROBE 0xE5u
#define TKE_GET_SIGNATURE_KEY 0xE6u
#define TKE_GET_PARTS 0x01u /* P1 of 80 CA; P2 is the first place */
#define TKE_GET_USAGE 0x02u /* P1 of 80 CA; P2 is the page */
