/** The nonce of this page, with which styles that scripts add are let in. */
export const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce || undefined

// Some parts of the libraries add a style sheet without asking for the nonce: each is given it as it is made.
const make = document.createElement.bind(document)
document.createElement = ((name: string, options?: ElementCreationOptions) => {
  const made = make(name, options)
  if (nonce && name.toLowerCase() === 'style') made.nonce = nonce
  return made
}) as typeof document.createElement
