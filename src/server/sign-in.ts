/** What a browser without a session gets instead of the page: one document that asks for the token
 *  and opens a session with it. It is the body of the 401, with its style and script inside, so that
 *  no further file has to be open to everybody; its own policy allows just these two by hash. */
import { createHash } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import type { RequestHead } from './guard.ts'

const style = `
:root { color-scheme: light dark; --edge: light-dark(#c9c9c4, #474c54); --bad: light-dark(#b3261e, #ff9a91) }
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 24px;
  background: light-dark(#f5f5f3, #111316); color: light-dark(#1b1d20, #e8e9eb);
  font: 15px/1.5 -apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, 'Liberation Sans', Arial, sans-serif }
form { width: 100%; max-width: 380px; padding: 26px 28px 28px; border: 1px solid var(--edge);
  border-top: 4px solid var(--edge); border-radius: 8px; background: light-dark(#fff, #1a1d21) }
h1 { margin: 0 0 2px; font-size: 19px; font-weight: 650; letter-spacing: -0.01em }
p { margin: 0; color: light-dark(#4a4e55, #b4b9c1); font-size: 13.5px; text-wrap: balance }
label { display: block; margin: 18px 0 6px; font-size: 13.5px; font-weight: 600 }
input, button { width: 100%; height: 38px; border-radius: 6px; font: inherit }
input { padding: 0 11px; border: 1px solid var(--edge); background: light-dark(#fff, #111316); color: inherit }
button { margin-top: 12px; border: 0; background: light-dark(#1b1d20, #e8e9eb);
  color: light-dark(#fff, #111316); font-weight: 600; cursor: pointer }
button:disabled { opacity: 0.6; cursor: default }
:focus-visible { outline: 2px solid light-dark(#1f5fd0, #7fb0ff); outline-offset: 2px }
#said { min-height: 1.5em; margin-top: 12px; color: var(--bad) }
#said:empty { margin: 0; min-height: 0 }
`

// A link from another site arrives without the cookie (SameSite=Strict) though there may be a
// session: the first look from this document is same-site, and tells.
const script = `
const here = () => location.replace(location.href)
fetch('', { method: 'HEAD' }).then(({ ok }) => { if (ok) here() }, () => {})
const form = document.querySelector('form')
const said = document.getElementById('said')
form.addEventListener('submit', async (event) => {
  event.preventDefault()
  const button = form.querySelector('button')
  button.disabled = true
  said.textContent = ''
  try {
    const answer = await fetch('api/v1/session', { method: 'POST', body: '{}', headers: {
      'content-type': 'application/json',
      authorization: 'Bearer ' + form.elements.token.value.trim(),
    } })
    if (answer.ok) return here()
    said.textContent = answer.status === 401 ? 'This is not the token of this server.'
      : answer.status === 429 ? 'Too many wrong tokens: wait some seconds.'
      : 'The server answered ' + answer.status + '.'
  } catch { said.textContent = 'The server does not answer, or the token has a character no token has.' }
  button.disabled = false
  form.elements.token.select()
})
`

const document = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Token needed · lastpush</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<form>
<h1>lastpush</h1>
<p>This server shows its logs to those who have its token.</p>
<label for="token">Token</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<button>Open the page</button>
<p id="said" role="alert"></p>
</form>
<noscript>This page needs JavaScript. The same answers: lastpush status, lastpush since.</noscript>
<script>${script}</script>
</body>
</html>
`

const policy = [
  "default-src 'none'",
  `script-src ${hashOf(script)}`,
  `style-src ${hashOf(style)}`,
  'img-src data:',
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** A browser that wants to show the page; programs get JSON. */
export function asksForPage({ method, url, headers }: RequestHead): boolean {
  const isPage = url === '/' || url?.startsWith('/?') === true
  return method === 'GET' && isPage && /\btext\/html\b/.test(headers.accept ?? '')
}

/** Answers 401 with the document that asks for the token. */
export function answerSignIn(response: ServerResponse): void {
  response.writeHead(401, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy,
    'cache-control': 'no-store',
    'www-authenticate': 'Bearer realm="lastpush"',
  })
  response.end(document)
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`
}
