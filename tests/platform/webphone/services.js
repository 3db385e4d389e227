// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * The services of a user: for each what has to be asked for so that its
 * notifications come over a channel. Only calls are indispensable: an account
 * may have been set up without the others.
 */

const DAY = 86400;

async function subscribeToCalls(platform, callbackURL) {
  const reply = await platform.request('Subscribing to calls', 'POST',
    `${platform.callsPath}/subscriptions`, {
      wrtcsNotificationSubscription: {
        callbackReference: { notifyURL: callbackURL },
        clientCorrelator: platform.correlator,
      },
    });
  return { path: reply.wrtcsNotificationSubscription?.resourceURL };
}

async function subscribeToChat(platform, callbackURL) {
  const reply = await platform.request('Subscribing to chat', 'POST',
    `${platform.pathOf('chat')}/subscriptions`, {
      chatNotificationSubscription: {
        callbackReference: { notifyURL: callbackURL },
        clientCorrelator: platform.correlator,
      },
    });
  return { path: reply.chatNotificationSubscription?.resourceURL };
}

/* The platform keeps the list of whom a user watches; there may be none yet
 * (protocol messaging 4.5) */
async function findPresenceList(platform) {
  const lists = `${platform.pathOf('presence')}/presenceLists`;
  const known = await platform.request('Looking for the presence list', 'GET',
    lists);
  let list = [known.presenceListCollection?.presenceList ?? []].flat()[0];

  if (!list) {
    const made = await platform.request('Making a presence list', 'POST',
      lists, { presenceList: { 'x-listName': 'myList', presenceContact: [] } });
    list = made.presenceList;
  }
  return String(list?.resourceURL ?? '').split('/').pop();
}

async function subscribeToPresence(platform, callbackURL) {
  const list = await findPresenceList(platform);
  const reply = await platform.request('Subscribing to presence', 'POST',
    `${platform.pathOf('presence')}/subscriptions/presenceListSubscriptions/` +
    encodeURIComponent(list), {
      presenceListSubscription: {
        callbackReference: { notifyURL: callbackURL },
        clientCorrelator: platform.correlator,
        duration: DAY,
      },
    });
  const subscription = reply.presenceListSubscription;
  return { path: subscription?.resourceURL,
    presenceList: subscription?.presenceListId ?? list };
}

/**
 * @returns {Promise<Map<string, object>>} what there is, by the services'
 *   names: `call`, `chat`, `presence`
 * @throws if there are no calls
 */
export async function subscribeToServices(platform, callbackURL) {
  const [call, ...others] = await Promise.allSettled([
    subscribeToCalls(platform, callbackURL),
    subscribeToChat(platform, callbackURL),
    subscribeToPresence(platform, callbackURL),
  ]);
  const services = new Map();

  if (call.status === 'rejected')
    throw call.reason;
  services.set('call', call.value);
  ['chat', 'presence'].forEach((name, i) => {
    if (others[i].status === 'fulfilled')
      services.set(name, others[i].value);
    else
      platform.complain(others[i].reason);
  });
  return services;
}
