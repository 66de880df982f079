// A provider of single sign-on for the tests: the package oidc-provider on loopback.
//   node provider.mjs CALLBACK          prints its address once it listens
// Whoever signs on with the login NAME+GROUP is NAME, in the group GROUP.
import { createServer } from 'node:http'
import { Provider } from 'oidc-provider'

const server = createServer()
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`
  const provider = new Provider(issuer, {
    clients: [{
      client_id: 'tenon',
      client_secret: 'a-secret-of-the-tests-alone',
      redirect_uris: [process.argv[2]],
      grant_types: ['authorization_code'],
      response_types: ['code'],
    }],
    claims: { openid: ['sub'], email: ['email'], profile: ['name', 'preferred_username', 'groups'] },
    features: { devInteractions: { enabled: true } },
    async findAccount(_, id) {
      const [name, group] = id.split('+')
      const claims = { sub: id, email: `${name}@example.com`, name: name.toUpperCase(), preferred_username: name, groups: [group] }
      return { accountId: id, claims: async () => claims }
    },
    cookies: { keys: ['for the tests alone'] },
    pkce: { required: () => true },
  })
  server.on('request', provider.callback())
  console.log(issuer)
})
