// Prints the credentials of a device that WhatsApp has never seen, made by the library that the plugin uses.
const { initAuthCreds, BufferJSON } = await import(process.argv[2]);

const credentials = initAuthCreds();
credentials.me = { id: "15555550101:1@s.whatsapp.net", name: "nobody" };
credentials.registered = true;
console.log(JSON.stringify(credentials, BufferJSON.replacer));
