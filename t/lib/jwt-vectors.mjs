// Writes t/data/jwt and t/data/jwt-keys: tokens and keys made by node's own
// crypto, that is by another implementation.  Run it from the top of the tree;
// every run makes new keys, and so new tokens.
//
//     node t/lib/jwt-vectors.mjs
//
// A case is a folder: "input" is the token, "conf" what is configured, and
// "expect" what comes out.  A refused case differs from a good one by one
// thing, and is refused for that thing: "expect" has the words.

import crypto from 'node:crypto';
import fs from 'node:fs';

const NOW = 1800000000;
const DATA = 't/data/jwt';
const KEYS = 't/data/jwt-keys';

for (const dir of [DATA, KEYS]) {
    fs.rmSync(dir, { recursive: true, force: true });
    fs.mkdirSync(dir, { recursive: true });
}

const b64 = (x) => Buffer.from(x).toString('base64url');
const pair = (type, options) => crypto.generateKeyPairSync(type, options);
const rsa = pair('rsa', { modulusLength: 2048 });
const rsa2 = pair('rsa', { modulusLength: 2048 });
const rsaPss = pair('rsa-pss', { modulusLength: 2048 });
const small = pair('rsa', { modulusLength: 1024 });
const ec = pair('ec', { namedCurve: 'P-256' });
const ec2 = pair('ec', { namedCurve: 'P-256' });
const p384 = pair('ec', { namedCurve: 'P-384' });
const k256 = pair('ec', { namedCurve: 'secp256k1' });
const ed = pair('ed25519');
const ed2 = pair('ed25519');
const ed448 = pair('ed448');
const secret = 'a secret of the portal, 32 bytes or more';
const secret2 = 'the secret of yesterday, still believed';

const hmac = (key, text, hash = 'sha256') =>
    crypto.createHmac(hash, key).update(text).digest();

const sign = {
    HS256: (text, key = secret) => hmac(key, text),
    RS256: (text, key = rsa.privateKey) => crypto.sign('sha256', Buffer.from(text), key),
    ES256: (text, key = ec.privateKey) =>
        crypto.sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }),
    EdDSA: (text, key = ed.privateKey) => crypto.sign(null, Buffer.from(text), key),
};


// keys

const pem = (key) => key.export({ type: 'spki', format: 'pem' });
const jwk = (key, more) => ({ ...key.export({ format: 'jwk' }), ...more });
const oct = (key, more) => ({ kty: 'oct', k: b64(key), ...more });
const set = (...keys) => JSON.stringify({ keys }, null, 1) + '\n';
const file = (name, text) => fs.writeFileSync(`${KEYS}/${name}`, text);

const R = rsa.publicKey, E = ec.publicKey, D = ed.publicKey;
const point = E.export({ format: 'jwk' });
const modulus = R.export({ format: 'jwk' });

file('secrets', `${secret}\n`);
file('secrets-two', `\n${secret}\r\n\n${secret2}`);
file('secrets-short', `${secret}\n${'s'.repeat(31)}\n`);
file('secrets-none', '\n\r\n');
file('secrets-17', Array.from({ length: 17 }, (_, i) => `${secret} ${i}\n`).join(''));
file('rs256.pem', pem(R));
file('rs256-two.pem', pem(rsa2.publicKey) + 'the one of today\n' + pem(R));
file('es256.pem', pem(E));
file('eddsa.pem', pem(D));
file('rsa-1024.pem', pem(small.publicKey));
file('rsa-pss.pem', pem(rsaPss.publicKey));
file('p-384.pem', pem(p384.publicKey));
file('secp256k1.pem', pem(k256.publicKey));
file('ed448.pem', pem(ed448.publicKey));
file('cut.pem', pem(R).slice(0, 300));
file('wrong-octets.pem', pem(R).replace(/\n..../, '\nAAAA'));
file('private.pem', ec2.privateKey.export({ type: 'pkcs8', format: 'pem' }));
file('private-ec.pem', ec2.privateKey.export({ type: 'sec1', format: 'pem' }));
file('pkcs1.pem', R.export({ type: 'pkcs1', format: 'pem' }));
file('no-block.pem', 'ssh-ed25519 AAAA\n');
file('certificate.pem', '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n');
file('17.pem', pem(D).repeat(17));

const mixed = [
    jwk(ec2.publicKey, { kid: 'other', use: 'sig' }),
    jwk(E, { kid: 'e1', alg: 'ES256' }),
    jwk(R, { kid: 'r1', use: 'sig', key_ops: ['verify'], x5t: 'ignored' }),
    jwk(rsa2.publicKey, { kid: 'r2', use: 'enc' }),
    jwk(D, { kid: 'd1' }),
    jwk(ed448.publicKey, { kid: 'd4' }),
    jwk(p384.publicKey, { kid: 'e3' }),
    oct(secret, { kid: 'h1' }),
];

file('mixed.json', ' \n' + set(...mixed));
file('no-kid.json', set(jwk(E)));
file('none-fits.json', set(jwk(R, { use: 'enc' }), jwk(R, { alg: 'RS512' }),
    jwk(R, { key_ops: ['encrypt'] }), jwk(R, { key_ops: 'verify' }),
    jwk(p384.publicKey), jwk(ed448.publicKey), { kty: 'rsa' }, 7, null));
file('empty.json', set());
file('single.json', JSON.stringify(jwk(E)));
file('repeated.json', `{"keys":[],"keys":[${JSON.stringify(jwk(E))}]}`);
file('cut.json', '{"keys":[');
file('private.json', set(jwk(ec2.privateKey)));
file('private-ed.json', set(jwk(ed2.privateKey)));
file('oct-short.json', set(oct('s'.repeat(31))));
file('oct-padded.json', set({ kty: 'oct', k: Buffer.from(secret).toString('base64') }));
file('oct-none.json', set({ kty: 'oct' }));
file('kid-number.json', set(jwk(E, { kid: 7 })));
file('kid-long.json', set(jwk(E, { kid: 'k'.repeat(257) })));
file('point-off.json', set({ ...point, y: point.x }));
file('point-short.json', set({ ...point, x: b64(Buffer.from(point.x, 'base64url').subarray(1)) }));
file('exponent-1.json', set({ ...modulus, e: 'AQ' }));
file('exponent-even.json', set({ ...modulus, e: 'BA' }));
file('rsa-1024.json', set(jwk(small.publicKey)));
file('rsa-no-e.json', set({ ...modulus, e: undefined }));
file('ed-short.json', set({ kty: 'OKP', crv: 'Ed25519', x: b64('short') }));


// tokens

const claims = {
    sid: 's_1', user_id: 'u_81', role: 'client_manager', tenant_id: 't_1',
    client_id: 'cl_1', project_ids: ['p_1'], iat: NOW - 60, exp: NOW + 600,
};

const KEY = { HS256: 'secrets', RS256: 'rs256.pem', ES256: 'es256.pem', EdDSA: 'eddsa.pem' };

function token(alg, header = {}, body = {}, key) {
    const text = (x) => typeof x === 'string' ? x : JSON.stringify(x);
    const head = text(typeof header === 'string' ? header : { alg, typ: 'JWT', ...header });
    const input = b64(head) + '.'
        + b64(text(typeof body === 'string' ? body : { ...claims, ...body }));

    return input + '.' + b64(sign[alg](input, key));
}

function write(name, alg, input, expect, conf = {}) {
    const dir = `${DATA}/${name}`;
    if (fs.existsSync(dir)) throw new Error(`${name} twice`);
    fs.mkdirSync(dir);
    fs.writeFileSync(`${dir}/input`, input);
    fs.writeFileSync(`${dir}/expect`, expect);
    fs.writeFileSync(`${dir}/conf`, Object.entries({ alg, keys: KEY[alg], now: NOW, ...conf })
        .map(([k, v]) => `${k} ${v}\n`).join(''));
}

const good = (name, alg, input, conf, sid = 's_1', iat = NOW - 60) =>
    write(name, alg, input, `ok\nsid ${sid}\niat ${iat}\n`, conf);
const bad = (name, alg, input, why, conf) => write(name, alg, input, `declined\n${why}\n`, conf);

for (const alg of Object.keys(sign)) {
    const low = alg.toLowerCase();
    const input = token(alg);
    const [h, p, s] = input.split('.');
    const wrong = 'its signature is wrong';
    const spelt = 'a part of it is not base64url';
    const octets = Buffer.from(s, 'base64url');
    const flip = (i) => { const o = Buffer.from(octets); o[i] ^= 1; return b64(o); };

    good(`${low}`, alg, input);
    good(`${low}-set-kid`, alg, token(alg, { kid: { HS256: 'h1', RS256: 'r1', ES256: 'e1', EdDSA: 'd1' }[alg] }), { keys: 'mixed.json' });
    good(`${low}-set-no-kid`, alg, input, { keys: 'mixed.json' });
    good(`${low}-kid-and-plain-key`, alg, token(alg, { kid: 'whatever' }));
    bad(`${low}-set-unknown-kid`, alg, token(alg, { kid: 'nobody' }), 'no configured key has its kid', { keys: 'mixed.json' });
    bad(`${low}-first-octet`, alg, `${h}.${p}.${flip(0)}`, wrong);
    bad(`${low}-last-octet`, alg, `${h}.${p}.${flip(octets.length - 1)}`, wrong);
    bad(`${low}-one-octet-less`, alg, `${h}.${p}.${b64(octets.subarray(1))}`, wrong);
    bad(`${low}-one-octet-more`, alg, `${h}.${p}.${b64(Buffer.concat([octets, Buffer.alloc(1)]))}`, wrong);
    bad(`${low}-leading-zero`, alg, `${h}.${p}.${b64(Buffer.concat([Buffer.alloc(1), octets]))}`, wrong);
    bad(`${low}-all-zeros`, alg, `${h}.${p}.${b64(Buffer.alloc(octets.length))}`, wrong);
    bad(`${low}-all-ones`, alg, `${h}.${p}.${b64(Buffer.alloc(octets.length, 255))}`, wrong);
    bad(`${low}-other-payload`, alg, `${h}.${token(alg, {}, { role: 'client_admin' }).split('.')[1]}.${s}`, wrong);
    bad(`${low}-other-header`, alg, `${b64(JSON.stringify({ typ: 'JWT', alg }))}.${p}.${s}`, wrong);
    bad(`${low}-empty-signature`, alg, `${h}.${p}.`, 'a part of it is empty');
    bad(`${low}-padded`, alg, `${input}${'='.repeat((4 - s.length % 4) % 4 || 1)}`, spelt);
    bad(`${low}-expired-and-forged`, alg, `${h}.${token(alg, {}, { exp: 1 }).split('.')[1]}.${s}`, wrong);
}

// the algorithm is the configuration's

const mismatch = 'its algorithm is not the configured one';
const asWritten = (alg, header) => token(alg, JSON.stringify(header));

for (const alg of ['none', 'None', 'NONE', '', 'hs256', 'Hs256', 'HS256 ', 'HS384', 'HS512', 'RS256',
    'ES256', 'EdDSA', 'PS256', 'A256KW', 'dir']) {
    bad(`alg-${alg.replace(' ', '-blank') || 'empty'}-for-hs256`, 'HS256', asWritten('HS256', { alg }), mismatch);
}
for (const [name, alg] of [['null', null], ['number', 1], ['true', true], ['array', ['HS256']], ['object', {}]]) {
    bad(`alg-${name}`, 'HS256', asWritten('HS256', { alg }), mismatch);
}
bad('alg-absent', 'HS256', asWritten('HS256', { typ: 'JWT' }), mismatch);
bad('alg-repeated', 'HS256', token('HS256', '{"alg":"HS256","alg":"HS256"}'), "its header is not usable");
bad('alg-repeated-escaped', 'HS256', token('HS256', '{"alg":"HS256","\\u0061lg":"none"}'), "its header is not usable");
{
    const [h, p] = token('HS256').split('.');
    const none = `${b64('{"alg":"none"}')}.${p}`;
    bad('none-unsigned', 'HS256', `${none}.`, 'a part of it is empty');
    bad('none-signed', 'HS256', `${none}.${b64(sign.HS256(none))}`, mismatch);
    bad('none-rs256', 'RS256', `${none}.${b64(sign.RS256(none))}`, mismatch);
    bad('one-part', 'HS256', h, 'it has not three parts');
    bad('two-parts', 'HS256', `${h}.${p}`, 'it has not three parts');
    bad('no-part', 'HS256', '', 'it has not three parts');
    bad('dots', 'HS256', '..', 'a part of it is empty');
    const whole = token('HS256');
    bad('four-parts', 'HS256', `${whole}.${h}`, 'a part of it is not base64url');
    bad('four-parts-empty', 'HS256', `${whole}.`, 'a part of it is not base64url');
    bad('five-parts', 'HS256', `${h}.${p}.${p}.${p}.${p}`, 'a part of it is not base64url');
    bad('empty-header', 'HS256', `.${p}.${b64(sign.HS256('.' + p))}`, 'a part of it is empty');
    bad('empty-payload', 'HS256', `${h}..${b64(sign.HS256(h + '.'))}`, 'a part of it is empty');
}

// a public key is no HMAC secret, and one algorithm's token not another's

bad('hmac-with-public-key', 'RS256', token('HS256', {}, {}, pem(R)), mismatch);
{
    const input = b64('{"alg":"RS256"}') + '.' + b64(JSON.stringify(claims));
    bad('hmac-says-rs256', 'RS256', `${input}.${b64(hmac(pem(R), input))}`, 'its signature is wrong');
    const es = b64('{"alg":"ES256"}') + '.' + b64(JSON.stringify(claims));
    bad('es256-der', 'ES256', `${es}.${b64(crypto.sign('sha256', Buffer.from(es), ec.privateKey))}`, 'its signature is wrong');
    const sig = sign.ES256(es);
    const zero = Buffer.alloc(32);
    const order = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex');
    const with_ = (r, s) => `${es}.${b64(Buffer.concat([r, s]))}`;
    bad('es256-r-zero', 'ES256', with_(zero, sig.subarray(32)), 'its signature is wrong');
    bad('es256-s-zero', 'ES256', with_(sig.subarray(0, 32), zero), 'its signature is wrong');
    bad('es256-r-order', 'ES256', with_(order, sig.subarray(32)), 'its signature is wrong');
    bad('es256-s-order', 'ES256', with_(sig.subarray(0, 32), order), 'its signature is wrong');
    const rs = b64('{"alg":"RS256"}') + '.' + b64(JSON.stringify(claims));
    const pss = crypto.sign('sha256', Buffer.from(rs), { key: rsa.privateKey, padding: crypto.constants.RSA_PKCS1_PSS_PADDING });
    bad('rs256-pss', 'RS256', `${rs}.${b64(pss)}`, 'its signature is wrong');
    bad('rs256-sha1', 'RS256', `${rs}.${b64(crypto.sign('sha1', Buffer.from(rs), rsa.privateKey))}`, 'its signature is wrong');
    bad('rs256-sha512', 'RS256', `${rs}.${b64(crypto.sign('sha512', Buffer.from(rs), rsa.privateKey))}`, 'its signature is wrong');
    const hs = b64('{"alg":"HS256"}') + '.' + b64(JSON.stringify(claims));
    bad('hs256-sha512-cut', 'HS256', `${hs}.${b64(hmac(secret, hs, 'sha512').subarray(0, 32))}`, 'its signature is wrong');
}
{
    // s and s + L of Ed25519 (RFC 8032, 5.1.7): one signature, one spelling
    const whole = token('EdDSA');
    const sig = Buffer.from(whole.split('.')[2], 'base64url');
    const L = 2n ** 252n + 27742317777372353535851937790883648493n;
    const s = BigInt('0x' + Buffer.from(sig.subarray(32)).reverse().toString('hex')) + L;
    Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse().copy(sig, 32);
    bad('eddsa-s-plus-order', 'EdDSA', `${whole.slice(0, whole.lastIndexOf('.'))}.${b64(sig)}`, 'its signature is wrong');
}
bad('rs256-other-key', 'RS256', token('RS256', {}, {}, rsa2.privateKey), 'its signature is wrong');
bad('es256-other-key', 'ES256', token('ES256', {}, {}, ec2.privateKey), 'its signature is wrong');
bad('eddsa-other-key', 'EdDSA', token('EdDSA', {}, {}, ed2.privateKey), 'its signature is wrong');
bad('hs256-other-secret', 'HS256', token('HS256', {}, {}, secret2), 'its signature is wrong');
bad('hs256-empty-secret', 'HS256', token('HS256', {}, {}, ''), 'its signature is wrong');
bad('encryption-key', 'RS256', token('RS256', {}, {}, rsa2.privateKey), 'its signature is wrong', { keys: 'mixed.json' });
bad('encryption-key-kid', 'RS256', token('RS256', { kid: 'r2' }, {}, rsa2.privateKey), 'no configured key has its kid', { keys: 'mixed.json' });
bad('kid-of-another-key', 'ES256', token('ES256', { kid: 'other' }), 'its signature is wrong', { keys: 'mixed.json' });
good('hs256-second-secret', 'HS256', token('HS256', {}, {}, secret2), { keys: 'secrets-two' });
good('hs256-first-secret', 'HS256', token('HS256'), { keys: 'secrets-two' });
good('rs256-first-of-two', 'RS256', token('RS256', {}, {}, rsa2.privateKey), { keys: 'rs256-two.pem' });
good('rs256-second-of-two', 'RS256', token('RS256'), { keys: 'rs256-two.pem' });
good('set-without-kid', 'ES256', token('ES256', { kid: 'e9' }), { keys: 'no-kid.json' });

// what the header says, and may not say

const foreign = 'its header asks for what is not supported';
bad('crit', 'HS256', token('HS256', { crit: ['exp'], exp: 1 }), foreign);
bad('crit-empty', 'HS256', token('HS256', { crit: [] }), foreign);
bad('b64-false', 'HS256', token('HS256', { b64: false }), foreign);
bad('b64-true', 'HS256', token('HS256', { b64: true }), foreign);
bad('nested', 'HS256', token('HS256', { cty: 'JWT' }), foreign);
bad('encrypted', 'HS256', token('HS256', { enc: 'A256GCM' }), foreign);
bad('zipped', 'HS256', token('HS256', { zip: 'DEF' }), foreign);
bad('crit-null', 'HS256', token('HS256', { crit: null }), foreign);

const type = 'its type is not that of a session';
good('typ-lower-case', 'HS256', token('HS256', { typ: 'jwt' }));
good('typ-absent', 'HS256', token('HS256', '{"alg":"HS256"}'));
good('typ-access-token', 'HS256', token('HS256', { typ: 'AT+JWT' }));
bad('typ-logout', 'HS256', token('HS256', { typ: 'logout+jwt' }), type);
bad('typ-event', 'HS256', token('HS256', { typ: 'secevent+jwt' }), type);
bad('typ-number', 'HS256', token('HS256', { typ: 1 }), type);
bad('typ-empty', 'HS256', token('HS256', { typ: '' }), type);
bad('kid-number', 'HS256', token('HS256', { kid: 1 }), 'its kid is not usable');
bad('kid-null', 'HS256', token('HS256', { kid: null }), 'its kid is not usable');
bad('kid-long', 'HS256', token('HS256', { kid: 'k'.repeat(257) }), 'its kid is not usable');
good('kid-path', 'HS256', token('HS256', { kid: '../../dev/null' }));
good('key-of-its-own-ignored', 'RS256', token('RS256', { jwk: jwk(rsa2.publicKey), jku: 'https://evil.example/', x5u: 'https://evil.example/', x5c: ['AAAA'] }));
bad('key-of-its-own', 'RS256', token('RS256', { jwk: jwk(rsa2.publicKey) }, {}, rsa2.privateKey), 'its signature is wrong');

// how the parts are spelt

const header = "its header is not usable";
bad('header-array', 'HS256', token('HS256', '[{"alg":"HS256"}]'), header);
bad('header-not-json', 'HS256', token('HS256', '{alg:HS256}'), header);
bad('header-text-behind', 'HS256', token('HS256', '{"alg":"HS256"} x'), header);
bad('header-deep', 'HS256', token('HS256', `{"alg":"HS256","x":${'['.repeat(16)}${']'.repeat(16)}}`), header);
bad('payload-array', 'HS256', token('HS256', {}, JSON.stringify([claims])), 'it is not an object');
bad('payload-nested-token', 'HS256', token('HS256', {}, token('HS256')), 'it is not JSON');
bad('payload-not-json', 'HS256', token('HS256', {}, 'sid=s_1'), 'it is not JSON');
bad('payload-text-behind', 'HS256', token('HS256', {}, JSON.stringify(claims) + '{}'), 'it has text behind the object');
bad('payload-repeated', 'HS256', token('HS256', {}, JSON.stringify(claims).replace('{', '{"role":"client_admin",')), 'it repeats a member');
bad('payload-deep', 'HS256', token('HS256', {}, { x: JSON.parse('['.repeat(16) + ']'.repeat(16)) }), 'it nests too deep');
good('payload-depth-16', 'HS256', token('HS256', {}, { x: JSON.parse('['.repeat(15) + ']'.repeat(15)) }));
bad('payload-not-utf-8', 'HS256', (() => {
    const input = b64('{"alg":"HS256"}') + '.'
        + b64(Buffer.concat([Buffer.from('{"sid":"s_1","exp":1800000600,"x":"'), Buffer.from([0xff]), Buffer.from('"}')]));
    return `${input}.${b64(sign.HS256(input))}`;
})(), 'it is not UTF-8');

const spelling = (change) => {
    for (let i = 0; i < 4096; i++) {
        const input = b64(`{"alg":"HS256","n":"${i}"}`) + '.' + b64(JSON.stringify({ ...claims, n: '\u00ff\u00fe?>~' + i }));
        const whole = `${input}.${b64(sign.HS256(input))}`;
        const other = change(whole);
        if (other !== whole) return other;
    }
    throw new Error('no such spelling');
};
const url = 'a part of it is not base64url';
bad('standard-alphabet-plus', 'HS256', spelling((t) => t.replace(/-(?=[^.]*$)/, '+')), url);
bad('standard-alphabet-slash', 'HS256', spelling((t) => t.replace(/_(?=[^.]*$)/, '/')), url);
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const next = (c) => ALPHABET[ALPHABET.indexOf(c) + 1];
bad('stray-bits', 'HS256', spelling((t) => t.slice(0, -1) + next(t.at(-1))), url);
{
    const signed = (h, p) => `${h}.${p}.${b64(sign.HS256(`${h}.${p}`))}`;
    const h = b64('{"alg":"HS256"} '), p = b64(JSON.stringify(claims));
    bad('header-padded', 'HS256', signed(b64('{"alg":"HS256"}  ') + '=', p), url);
    bad('payload-padded', 'HS256', signed(h, b64(JSON.stringify(claims) + ' '.repeat((4 - JSON.stringify(claims).length % 3) % 3)) + '='), url);
    bad('header-stray-bits', 'HS256', signed(h.slice(0, -1) + next(h.at(-1)), p), url);
    bad('payload-newline', 'HS256', signed(h, p + '\n'), url);
    bad('header-blank-in-front', 'HS256', signed(' ' + h, p), url);
    bad('header-length-1-of-4', 'HS256', signed(b64('{"alg":"HS256"}') + 'A', p), url);
}
bad('blank-behind', 'HS256', token('HS256') + ' ', url);
bad('blank-in-front', 'HS256', ' ' + token('HS256'), url);
bad('newline-behind', 'HS256', token('HS256') + '\n', url);
bad('nul-behind', 'HS256', token('HS256') + '\0', url);
bad('bearer', 'HS256', 'Bearer ' + token('HS256'), url);
bad('quoted', 'HS256', `"${token('HS256')}"`, url);
bad('json-serialization', 'HS256', JSON.stringify({ payload: 'a.b', signature: 'c.d' }), url);

// size

const sized = (n) => {
    for (let i = 0; ; i++) {
        const t = token('HS256', i % 3 === 1 ? { n: 1 } : i % 3 === 2 ? { n: 11 } : {}, { x: 'x'.repeat(Math.floor(i / 3)) });
        if (t.length === n) return t;
        if (t.length > n + 8) throw new Error('no such size');
    }
};
good('4096-characters', 'HS256', sized(4096));
bad('4097-characters', 'HS256', sized(4097), 'it is too large');

// times

const exp = 'it has no usable exp';
bad('exp-absent', 'HS256', token('HS256', {}, { exp: undefined }), exp);
for (const [name, value] of [['null', null], ['text', String(NOW + 600)], ['true', true], ['negative', -1],
    ['milliseconds', NOW * 1000], ['10-11', 1e11], ['object', {}]]) {
    bad(`exp-${name}`, 'HS256', token('HS256', {}, { exp: value }), exp);
}
bad('exp-infinite', 'HS256', token('HS256', {}, JSON.stringify(claims).replace(/"exp":\d+/, '"exp":1e999')), 'it has a number out of range');
bad('exp-zero', 'HS256', token('HS256', {}, { exp: 0 }), 'it is expired');
bad('exp-now', 'HS256', token('HS256', {}, { exp: NOW }), 'it is expired');
bad('exp-just-before', 'HS256', token('HS256', {}, { exp: NOW - 0.25 }), 'it is expired');
good('exp-next-second', 'HS256', token('HS256', {}, { exp: NOW + 1 }));
good('exp-fraction', 'HS256', token('HS256', {}, { exp: NOW + 0.25 }));
good('exp-exponent', 'HS256', token('HS256', {}, JSON.stringify(claims).replace(/"exp":\d+/, '"exp":1.8000006e9')));
good('exp-below-10-11', 'HS256', token('HS256', {}, { exp: 99999999999 }));
good('nbf-now', 'HS256', token('HS256', {}, { nbf: NOW }));
good('nbf-past', 'HS256', token('HS256', {}, { nbf: NOW - 0.5 }));
bad('nbf-ahead', 'HS256', token('HS256', {}, { nbf: NOW + 1 }), 'it is not valid yet');
bad('nbf-fraction-ahead', 'HS256', token('HS256', {}, { nbf: NOW + 0.25 }), 'it is not valid yet');
bad('nbf-null', 'HS256', token('HS256', {}, { nbf: null }), 'its nbf is not usable');
bad('nbf-text', 'HS256', token('HS256', {}, { nbf: '1' }), 'its nbf is not usable');
bad('nbf-milliseconds', 'HS256', token('HS256', {}, { nbf: 1e11 }), 'its nbf is not usable');
good('iat-absent', 'HS256', token('HS256', {}, { iat: undefined }), {}, 's_1', -1);
good('iat-fraction', 'HS256', token('HS256', {}, { iat: NOW - 60.25 }), {}, 's_1', NOW - 61);
good('iat-zero', 'HS256', token('HS256', {}, { iat: 0 }), {}, 's_1', 0);
bad('iat-milliseconds', 'HS256', token('HS256', {}, { iat: NOW * 1000 }), 'its iat is not usable');
bad('iat-text', 'HS256', token('HS256', {}, { iat: 'now' }), 'its iat is not usable');
bad('iat-null', 'HS256', token('HS256', {}, { iat: null }), 'its iat is not usable');

// parties

const iss = 'https://portal.example/', aud = 'recordings';
const issuer = 'its issuer is not the configured one';
const audience = 'its audience is not the configured one';
good('iss', 'HS256', token('HS256', {}, { iss }), { iss });
good('iss-not-asked-for', 'HS256', token('HS256', {}, { iss: 'anybody' }));
bad('iss-absent', 'HS256', token('HS256'), issuer, { iss });
bad('iss-other', 'HS256', token('HS256', {}, { iss: 'https://other.example/' }), issuer, { iss });
bad('iss-without-slash', 'HS256', token('HS256', {}, { iss: iss.slice(0, -1) }), issuer, { iss });
bad('iss-longer', 'HS256', token('HS256', {}, { iss: iss + 'x' }), issuer, { iss });
bad('iss-case', 'HS256', token('HS256', {}, { iss: iss.toUpperCase() }), issuer, { iss });
bad('iss-array', 'HS256', token('HS256', {}, { iss: [iss] }), issuer, { iss });
bad('iss-null', 'HS256', token('HS256', {}, { iss: null }), issuer, { iss });
good('aud', 'HS256', token('HS256', {}, { aud }), { aud });
good('aud-array', 'HS256', token('HS256', {}, { aud: ['api', aud] }), { aud });
bad('aud-absent', 'HS256', token('HS256'), audience, { aud });
bad('aud-other', 'HS256', token('HS256', {}, { aud: 'api' }), audience, { aud });
bad('aud-part', 'HS256', token('HS256', {}, { aud: aud + 's' }), audience, { aud });
bad('aud-array-other', 'HS256', token('HS256', {}, { aud: ['api', 'x'] }), audience, { aud });
bad('aud-array-empty', 'HS256', token('HS256', {}, { aud: [] }), audience, { aud });
bad('aud-array-nested', 'HS256', token('HS256', {}, { aud: [[aud]] }), audience, { aud });
bad('aud-object', 'HS256', token('HS256', {}, { aud: { [aud]: true } }), audience, { aud });
bad('aud-null', 'HS256', token('HS256', {}, { aud: null }), audience, { aud });
bad('aud-not-configured', 'HS256', token('HS256', {}, { aud }), 'it has an audience, and none is configured');
bad('aud-empty-not-configured', 'HS256', token('HS256', {}, { aud: [] }), 'it has an audience, and none is configured');
bad('aud-null-not-configured', 'HS256', token('HS256', {}, { aud: null }), 'it has an audience, and none is configured');

// the id

const id = 'it has no usable sid or jti';
good('jti', 'HS256', token('HS256', {}, { sid: undefined, jti: 'j_1' }), {}, 'j_1');
good('sid-before-jti', 'HS256', token('HS256', {}, { jti: 'j_1' }));
good('sid-number', 'HS256', token('HS256', {}, { sid: 42 }), {}, '42');
good('sid-128', 'HS256', token('HS256', {}, { sid: 's'.repeat(128) }), {}, 's'.repeat(128));
bad('sid-absent', 'HS256', token('HS256', {}, { sid: undefined }), id);
bad('sid-129', 'HS256', token('HS256', {}, { sid: 's'.repeat(129) }), id);
bad('sid-empty', 'HS256', token('HS256', {}, { sid: '', jti: 'j_1' }), id);
bad('sid-null', 'HS256', token('HS256', {}, { sid: null, jti: 'j_1' }), id);
bad('sid-blank', 'HS256', token('HS256', {}, { sid: 's 1', jti: 'j_1' }), id);
bad('sid-newline', 'HS256', token('HS256', {}, { sid: 's_1\n' }), id);
bad('sid-star', 'HS256', token('HS256', {}, { sid: '*' }), id);
bad('jti-slash', 'HS256', token('HS256', {}, { sid: undefined, jti: 'a/b' }), id);

// the examples of RFC 7515 (A.1, A.2) and RFC 8037 (A.4): old, and without an id

file('rfc7515-a1.json', set({ kty: 'oct', k: 'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow' }));
file('rfc8037-a2.json', set({ kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }));
bad('rfc7515-a1', 'HS256', 'eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk', 'it is expired', { keys: 'rfc7515-a1.json' });
bad('rfc7515-a1-in-time', 'HS256', 'eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk', id, { keys: 'rfc7515-a1.json', now: 1300819379 });
bad('rfc8037-a4', 'EdDSA', 'eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg', 'it is not JSON', { keys: 'rfc8037-a2.json' });
