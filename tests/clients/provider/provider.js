// An identity provider on a free port of 127.0.0.1: prints its address. Any login is accepted; the page is oidc-provider's own.
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

const audience = 'https://contentlib.test';
const people = (login) => ({ preferred_username: login, name: `${login} of the tests`, email: `${login}@mail.test`, groups: ['/publishers'] });

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'contentlib',
        client_secret: 'secret of the tests',
        application_type: 'native', // its loopback address may have any port
        redirect_uris: ['http://127.0.0.1/cls/login/corp/callback'],
      },
      {
        client_id: 'terminal',
        token_endpoint_auth_method: 'none',
        grant_types: ['urn:ietf:params:oauth:grant-type:device_code'],
        redirect_uris: [],
        response_types: [],
      },
      { client_id: 'pipeline', client_secret: 'pipeline', grant_types: ['client_credentials'], redirect_uris: [], response_types: [] },
    ],
    claims: { openid: ['sub'], profile: ['preferred_username', 'name'], email: ['email'], groups: ['groups'] },
    cookies: { keys: ['key of the tests'] },
    extraTokenClaims: (_, token) => people(token.kind === 'ClientCredentials' ? 'pipeline' : token.accountId),
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: true },
      deviceFlow: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({ scope: '', audience, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } } }),
      },
    },
    findAccount: (_, login) => ({ accountId: login, claims: () => ({ sub: login, ...people(login) }) }),
    pkce: { required: () => true },
  });
  server.on('request', provider.callback());
  console.log(`issuing as ${issuer}`);
});
