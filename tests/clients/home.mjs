// What every application of these tests shows: who is there.
const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

export function home(citizen) {
  if (!citizen) return '<!doctype html><title>Layanan</title><p id="nobody">Belum masuk</p>'
  const shown = Object.entries(citizen).filter(([, value]) => typeof value === 'string')
  const lines = shown.map(([name, value]) => `<p data-claim="${name}">${escape(value)}</p>`)
  return `<!doctype html><title>Layanan</title>${lines.join('')}`
}
