/*
 * One spelling of a geometry (canon_parse.h). Input: WKB as OGC 06-103r4 and SQL/MM write it, or
 * PostGIS's EWKB (flags in the type's high bits, an SRID inside), in either byte order, even mixed.
 * Output: little-endian ISO WKB. Must not know: what a shape means; 0 and -0, and all NaNs, are
 * made one.
 */
#include "canon_parse.h"

#include <math.h>

#define DEPTH 32 /* of collections in collections */

#define EWKB_Z 0x80000000u
#define EWKB_M 0x40000000u
#define EWKB_SRID 0x20000000u

/* What follows the type. */
enum wkb_body { WKB_NONE, WKB_POINT, WKB_POINTS, WKB_RINGS, WKB_PARTS };

static const enum wkb_body bodies[] = {
    [1] = WKB_POINT,  [2] = WKB_POINTS,
    [3] = WKB_RINGS, /* point, line string, polygon */
    [4] = WKB_PARTS,  [5] = WKB_PARTS,
    [6] = WKB_PARTS, /* multi- */
    [7] = WKB_PARTS,  [8] = WKB_POINTS,
    [9] = WKB_PARTS, /* collection, circular string, compound curve */
    [10] = WKB_PARTS, [11] = WKB_PARTS,
    [12] = WKB_PARTS, /* curve polygon, multi-curve, multi-surface */
    [15] = WKB_PARTS, [16] = WKB_PARTS,
    [17] = WKB_RINGS, /* polyhedral surface, TIN, triangle */
};

struct wkb {
    const unsigned char *place, *end;
    struct buffer *out;
    uint32_t *srid;
    bool little;
};

static bool wkb_u32(struct wkb *wkb, uint32_t *number)
{
    const unsigned char *b = wkb->place;
    if (wkb->end - b < 4)
        return false;
    *number =
        wkb->little
            ? (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24
            : (uint32_t)b[3] | (uint32_t)b[2] << 8 | (uint32_t)b[1] << 16 | (uint32_t)b[0] << 24;
    wkb->place += 4;
    return true;
}

static bool wkb_doubles(struct wkb *wkb, uint32_t count, unsigned width)
{
    if ((uint64_t)count * width * 8 > (uint64_t)(wkb->end - wkb->place))
        return false;
    for (uint64_t i = 0; i < (uint64_t)count * width; i++, wkb->place += 8) {
        uint64_t bits = 0;
        for (unsigned k = 0; k < 8; k++)
            bits |= (uint64_t)wkb->place[wkb->little ? k : 7 - k] << 8 * k;
        double number;
        memcpy(&number, &bits, sizeof number);
        if (isnan(number))
            bits = 0x7ff8000000000000;
        else if (number == 0)
            bits = 0;
        buffer_add_u64(wkb->out, bits);
    }
    return true;
}

static bool wkb_points(struct wkb *wkb, unsigned width)
{
    uint32_t count;
    if (!wkb_u32(wkb, &count))
        return false;
    buffer_add_u32(wkb->out, count);
    return wkb_doubles(wkb, count, width);
}

static bool wkb_geometry(struct wkb *wkb, unsigned depth);

static bool wkb_body(struct wkb *wkb, enum wkb_body body, unsigned width, unsigned depth)
{
    uint32_t count;
    if (body == WKB_NONE)
        return false;
    if (body == WKB_POINT)
        return wkb_doubles(wkb, 1, width);
    if (body == WKB_POINTS)
        return wkb_points(wkb, width);
    if (!wkb_u32(wkb, &count))
        return false;
    buffer_add_u32(wkb->out, count);
    for (uint32_t i = 0; i < count; i++)
        if (!(body == WKB_RINGS ? wkb_points(wkb, width) : wkb_geometry(wkb, depth + 1)))
            return false;
    return true;
}

static bool wkb_geometry(struct wkb *wkb, unsigned depth)
{
    uint32_t type, srid;
    if (depth > DEPTH || wkb->place == wkb->end || *wkb->place > 1)
        return false;
    wkb->little = *wkb->place++ == 1;
    if (!wkb_u32(wkb, &type))
        return false;
    bool has_z = type & EWKB_Z, has_m = type & EWKB_M;
    if (type & EWKB_SRID) {
        if (!wkb_u32(wkb, &srid))
            return false;
        if (!depth)
            *wkb->srid = srid;
    }
    type &= ~(EWKB_Z | EWKB_M | EWKB_SRID);
    uint32_t dimensions = type / 1000;
    type %= 1000;
    if (dimensions > 3 || type >= sizeof bodies / sizeof *bodies)
        return false;
    has_z = has_z || dimensions == 1 || dimensions == 3;
    has_m = has_m || dimensions >= 2;
    buffer_add_byte(wkb->out, 1);
    buffer_add_u32(wkb->out, type + (has_z ? 1000u : 0) + (has_m ? 2000u : 0));
    return wkb_body(wkb, bodies[type], 2u + has_z + has_m, depth);
}

bool parse_wkb(const unsigned char *bytes, size_t length, uint32_t *srid, struct buffer *out)
{
    size_t start = out->length;
    struct wkb wkb = {.place = bytes, .end = bytes + length, .out = out, .srid = srid};
    if (wkb_geometry(&wkb, 0) && wkb.place == wkb.end)
        return true;
    parse_undo(out, start);
    return false;
}
